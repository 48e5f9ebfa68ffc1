// SPDX-License-Identifier: MIT

/** The page's own script and style, bundled from src/report/page by scripts/bundle-page.mjs. */
declare module "#report-page" {
  export const script: string;
  export const style: string;
}

// SPDX-License-Identifier: MIT
import { bundlePage } from "../scripts/bundle-page.mjs";

const NAME = "#report-page";
const RESOLVED = `\0${NAME}`;

/** Makes the module `#report-page` from its sources when a test first needs it, since `dist` may be missing or older. */
export function reportPage(): {
  readonly name: string;
  readonly enforce: "pre";
  resolveId: (id: string) => string | undefined;
  load: (id: string) => Promise<string> | undefined;
} {
  return {
    name: "report-page",
    enforce: "pre",
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    load: (id) => (id === RESOLVED ? bundlePage() : undefined),
  };
}

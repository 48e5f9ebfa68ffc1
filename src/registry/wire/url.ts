// SPDX-License-Identifier: MIT

/** A foreign URL, relative to `base` if it is; undefined when there is none or it can't be parsed. */
export function parseUrl(text: string | undefined, base?: URL): URL | undefined {
  if (text === undefined || !URL.canParse(text, base?.href)) return undefined;
  return new URL(text, base);
}

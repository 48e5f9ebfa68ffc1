// SPDX-License-Identifier: MIT

/** Parses a URL from outside, relative to `base`; undefined when it is absent or malformed. */
export function parseUrl(text: string | undefined, base?: URL): URL | undefined {
  if (text === undefined || !URL.canParse(text, base?.href)) return undefined;
  return new URL(text, base);
}

// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { escapeMarkup } from "../../oci/escape-markup.ts";

/** Foreign text for a text node or an attribute of SVG or HTML: no markup, no control characters. */
export function markup(text: string): string {
  return escapeMarkup(escapeText(text));
}

/** The colours of both pictures, for light and dark. */
export const COLOURS = `
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1c2024; --faint: #687076; --line: #c1c8cd; --card: #f8f9fa;
  --fresh: #18794e; --stale: #cd2b31; --unknown: #946800; --absent: #687076; --root: #0b68cb; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #151718; --ink: #ecedee; --faint: #9ba1a6; --line: #4c5155; --card: #202425;
    --fresh: #4cc38a; --stale: #ff8589; --unknown: #f1a10d; --absent: #9ba1a6; --root: #70b8ff; }
}`;

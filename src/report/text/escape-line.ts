// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";

/**
 * Makes one line that is safe to print on a terminal: control characters, line breaks and direction
 * overrides are escaped. Backslashes are kept, so that names which are already escaped stay the same.
 */
export function escapeLine(line: string): string {
  return line.split("\\").map(escapeText).join("\\");
}

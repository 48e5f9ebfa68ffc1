// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../../bytes/byte-string.ts";
import { OciError } from "../../../oci/errors.ts";
import { cleanPath } from "./clean-path.ts";
import { readText, trimSpace } from "./code-points.ts";

/** One line of an ignore file. */
export interface IgnoreLine {
  /** As BuildKit uses it: `!` first where it includes again, then the cleaned path without a leading `/`. */
  readonly pattern: string;
  /** Its line in the file, counted from 1. */
  readonly line: number;
}

/** In bytes: BuildKit refuses a file with a longer line. */
const LONGEST_LINE = 65_535;
const MARK = "\u00ef\u00bb\u00bf";

/**
 * Reads the patterns of an ignore file as BuildKit does: a byte order mark at the start is skipped, and so are empty
 * lines and lines that start with `#` (in the first column); white space around a pattern, and between its `!` and the
 * path, does not count. `name` is for messages.
 * @throws OciError `limit-exceeded` for a line of more than 65,535 bytes
 */
export function readIgnoreFile(bytes: Uint8Array, name: string): readonly IgnoreLine[] {
  const lines = fromBytes(bytes).split("\n");
  const found: IgnoreLine[] = [];
  for (const [at, whole] of lines.entries()) {
    const line = at + 1;
    if (whole.length > LONGEST_LINE) throw tooLong(name, line, whole.length);
    const unmarked = at === 0 && whole.startsWith(MARK) ? whole.slice(MARK.length) : whole;
    const pattern = readPattern(readText(unmarked as ByteString));
    if (pattern !== undefined) found.push({ pattern, line });
  }
  return found;
}

function readPattern(line: string): string | undefined {
  if (line.startsWith("#")) return undefined;
  const trimmed = trimSpace(line);
  if (trimmed === "") return undefined;
  return trimmed.startsWith("!") ? `!${readPath(trimSpace(trimmed.slice(1)))}` : readPath(trimmed);
}

function readPath(path: string): string {
  if (path === "") return path;
  const clean = cleanPath(path);
  return clean.length > 1 && clean.startsWith("/") ? clean.slice(1) : clean;
}

function tooLong(name: string, line: number, length: number): OciError {
  return new OciError(
    "limit-exceeded",
    `${name}:${line}: expected at most ${LONGEST_LINE} bytes in a line, as BuildKit does, got ${length}`,
    { details: { line, length } },
  );
}

// SPDX-License-Identifier: MIT
import { readSolveStatus, type SolveStatus } from "./solve-status.ts";
import { splitLines } from "./split-lines.ts";

/** Reads what a builder writes to stderr under `--progress=rawjson`. */
export interface RawJsonReader {
  push(chunk: Uint8Array): void;
  end(): void;
}

/** Where {@link readRawJson} puts what it reads. */
export interface RawJsonTarget {
  onStatus(status: SolveStatus): void;
  /** A line that is no JSON: an error or a warning of the program itself. */
  onText(line: string): void;
  /** A line that began as JSON and is none. It never fails a build. */
  onBroken(): void;
}

/** In characters. BuildKit writes all steps of a Dockerfile in one line. */
const LONGEST = 4 * 1024 * 1024;

/** Reads line by line. Nothing that comes makes it throw, and it keeps at most one line. */
export function readRawJson(target: RawJsonTarget): RawJsonReader {
  let isTooLong = false;
  return splitLines(LONGEST, (line, whole) => {
    const skipped = isTooLong || !whole;
    isTooLong = !whole;
    if (skipped) {
      if (whole) target.onBroken();
      return;
    }
    readLine(line, target);
  });
}

function readLine(line: string, target: RawJsonTarget): void {
  if (line.trim() === "") return;
  if (!line.startsWith("{")) {
    target.onText(line);
    return;
  }
  const status = readSolveStatus(parse(line));
  if (status !== undefined) target.onStatus(status);
  else if (line.startsWith('{"')) target.onBroken();
  else target.onText(line);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

// SPDX-License-Identifier: MIT
import { closeSync, readSync } from "node:fs";
import { join } from "node:path";
import { createHasher } from "../../bytes/hash.ts";
import { digestOf } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import { openRegularFile } from "../../files/regular-file.ts";
import { damaged } from "./sidecar-files.ts";
import type { RecordedFile } from "./unpack-record.ts";

const CHUNK = 256 * 1024;

/**
 * The lines of a file of the sidecar, one character for each byte. After the last line, size and digest are
 * compared with the recorded ones.
 * @throws OciError `invalid-sidecar` when they differ or the file is missing; `unreadable`
 */
export function* readLines(
  sidecar: string,
  name: string,
  recorded: RecordedFile,
): Generator<string> {
  const fd = openRecorded(sidecar, name, recorded);
  try {
    const hasher = createHasher("sha256");
    const chunk = Buffer.alloc(CHUNK);
    let rest = "";
    for (let count = readSync(fd, chunk); count > 0; count = readSync(fd, chunk)) {
      hasher.update(chunk.subarray(0, count));
      const lines = (rest + chunk.toString("latin1", 0, count)).split("\n");
      rest = lines.pop()!;
      yield* lines;
    }
    if (rest !== "" || digestOf("sha256", hasher.hex()) !== recorded.digest) {
      throw damaged(sidecar, name, `expected ${recorded.digest}, got another content`);
    }
  } finally {
    closeSync(fd);
  }
}

function openRecorded(sidecar: string, name: string, { size }: RecordedFile): number {
  try {
    const { fd, stats } = openRegularFile(join(sidecar, name), "unreadable");
    if (stats.size === size) return fd;
    closeSync(fd);
    throw damaged(sidecar, name, `expected ${size} bytes, got ${stats.size}`);
  } catch (cause) {
    if (!isOciError(cause, "not-found")) throw cause;
    throw damaged(sidecar, name, "expected a file, got none", cause);
  }
}

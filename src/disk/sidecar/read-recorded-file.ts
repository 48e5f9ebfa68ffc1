// SPDX-License-Identifier: MIT
import { closeSync, readSync } from "node:fs";
import { join } from "node:path";
import { createHasher } from "../../bytes/hash.ts";
import { digestOf } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import { openRegularFile } from "../../files/regular-file.ts";
import { fileError } from "../../files/system-error.ts";
import { damaged } from "./sidecar-files.ts";
import type { RecordedFile } from "./unpack-record.ts";

const CHUNK = 1024 * 1024;

/**
 * The whole content of a file of the sidecar, whose size and digest are those that were recorded.
 * @throws OciError `invalid-sidecar` when they differ or the file is missing; `unreadable`
 */
export function readRecordedFile(
  sidecar: string,
  name: string,
  recorded: RecordedFile,
): Uint8Array {
  const fd = openRecorded(sidecar, name, recorded);
  try {
    const content = Buffer.allocUnsafe(recorded.size);
    const hasher = createHasher("sha256");
    for (let at = 0; at < content.length;) {
      const count = readSync(fd, content, at, Math.min(CHUNK, content.length - at), null);
      if (count === 0) break;
      hasher.update(content.subarray(at, at + count));
      at += count;
    }
    if (digestOf("sha256", hasher.hex()) === recorded.digest) return content;
  } catch (error) {
    throw fileError("unreadable", join(sidecar, name), error);
  } finally {
    closeSync(fd);
  }
  throw damaged(sidecar, name, `expected ${recorded.digest}, got another content`);
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

// SPDX-License-Identifier: MIT
import { closeSync, readFileSync, fstatSync, openSync, statSync, type BigIntStats } from "node:fs";
import { fileError } from "../../files/system-error.ts";
import { limitExceeded } from "../../oci/limits.ts";

const LARGEST = 4 * 1024 * 1024;

/**
 * Makes a function that returns what a small file says now. The file is read again when it was changed or
 * replaced, which is asked of the file system on every call. A file that can't be read or parsed fails every
 * call until it is mended: an old version is never used in place of the present one.
 * @throws OciError (the function) `not-found`, `unreadable`, `limit-exceeded`, and what `parse` throws
 */
export function changingFile<T>(path: string, parse: (bytes: Uint8Array) => T): () => T {
  let state: string | undefined;
  let value: T;
  return () => {
    const now = stateOf(reading(path, () => statSync(path, { bigint: true })));
    if (now === state) return value;
    state = undefined;
    const read = reading(path, () => readState(path));
    value = parse(read.bytes);
    state = read.state;
    return value;
  };
}

function readState(path: string): { readonly bytes: Uint8Array; readonly state: string } {
  const fd = openSync(path, "r");
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (stats.size > LARGEST) {
      throw limitExceeded({ what: path, allowed: LARGEST, got: Number(stats.size), unit: "bytes" });
    }
    return { bytes: readFileSync(fd), state: stateOf(stats) };
  } finally {
    closeSync(fd);
  }
}

/** Changes whenever the file is written or replaced. */
function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

function reading<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Error && "syscall" in error
      ? fileError("unreadable", path, error)
      : error;
  }
}

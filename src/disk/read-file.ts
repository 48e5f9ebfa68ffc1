// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { toText, type ByteString } from "../bytes/byte-string.ts";
import { createHasher } from "../bytes/hash.ts";
import { digestOf, type Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { systemCode } from "../files/system-error.ts";
import type { SystemPath } from "../files/proc-path.ts";
import { isAbsent, unreadable } from "./directory-walk.ts";
import { readWidened } from "./make-readable.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const CHUNK = 256 * 1024;

/**
 * Opens a path only if it is a regular file: opening a fifo would wait for its writer, and opening a device
 * can have effects. With `widen` it also opens files that the user owns and may not read. `root` and `path`
 * are for messages. The caller closes the file descriptor.
 * @throws OciError `not-found`, `unreadable`, `invalid-argument` when it is not a regular file
 */
export function openFile(
  root: string,
  path: ByteString,
  place: SystemPath,
  widen: boolean,
): number {
  let fd: number | undefined;
  try {
    if (fs.lstatSync(place).isFile()) fd = openReadable(place, widen);
    if (fd !== undefined && fs.fstatSync(fd).isFile()) return fd;
  } catch (error) {
    if (fd !== undefined) fs.closeSync(fd);
    if (!isAbsent(error)) throw unreadable(root, path, error);
    throw new OciError("not-found", `${root}: ${toText(path)}: expected a file, got nothing`, {
      details: { path },
    });
  }
  if (fd !== undefined) fs.closeSync(fd);
  throw new OciError("invalid-argument", `${root}: ${toText(path)}: expected a regular file`, {
    details: { path },
  });
}

function openReadable(place: SystemPath, widen: boolean): number {
  try {
    return fs.openSync(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (!widen || systemCode(error) !== "EACCES") throw error;
    return readWidened(place, (opened) => {
      // The path of a file descriptor also opens a device, and the inode may have been replaced by one.
      if (!fs.statSync(opened).isFile()) throw error;
      return fs.openSync(opened, O_RDONLY | O_NONBLOCK);
    });
  }
}

let buffer: Buffer | undefined;

/** The sha256 of a whole file. Closes the file descriptor. @throws OciError `unreadable` */
export function hashFile(root: string, path: ByteString, fd: number): Digest {
  try {
    return hashOpenFile(fd);
  } catch (error) {
    throw unreadable(root, path, error);
  }
}

/** As {@link hashFile}, but throws the system's own error. */
export function hashOpenFile(fd: number): Digest {
  buffer ??= Buffer.allocUnsafeSlow(CHUNK);
  const hasher = createHasher("sha256");
  try {
    for (let count = fs.readSync(fd, buffer); count > 0; count = fs.readSync(fd, buffer)) {
      hasher.update(count === CHUNK ? buffer : buffer.subarray(0, count));
    }
  } finally {
    fs.closeSync(fd);
  }
  return digestOf("sha256", hasher.hex());
}

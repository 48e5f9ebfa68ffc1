// SPDX-License-Identifier: MIT
import * as fs from "node:fs";

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const PERMISSIONS = 0o777;
/** Who makes a file can write it whatever its mode is; some network disks ask again. */
const OWN = 0o600;

/** A file that was made, open for writing. Who asked for it closes it. */
export interface MadeFile {
  readonly fd: number;
  /** The twelve bits of its mode, where they are the wanted ones and surely so. */
  readonly mode: number | undefined;
}

/**
 * Starts to make files in one directory, with the mode that they are to have where the system lets them: an umask
 * and a default list of access rights may not, which is looked at once for each mode. (Without
 * setting the mode of every file an unpack took 0.96 of the time.) A file that is there already is the system's error.
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

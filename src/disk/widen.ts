// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { procPath, O_PATH, type SystemPath } from "../files/proc-path.ts";

// What an ordinary user owns and may not read, a file or directory of mode 000, he may give himself the
// right to read: through a descriptor that is only a place, so that no link is followed and nothing is
// opened meanwhile. Only the mode changes, and is given back: the time of modification stays.

const READ_FILE = 0o400;
const READ_DIRECTORY = 0o500;

/** Lets the owner read and search a directory; the mode to give back, if it was changed. @throws the system's error */
export function widenDirectory(fd: number): number | undefined {
  return widen(fd, READ_DIRECTORY);
}

/**
 * Does what reads an inode while its owner may. The last part of the path is not followed; on what is
 * not ours, or readable already, nothing is changed.
 * @throws what `read`, or the system, throws
 */
export function readWidened<T>(place: SystemPath, read: (opened: string) => T): T {
  const fd = fs.openSync(place, O_PATH | fs.constants.O_NOFOLLOW);
  try {
    const narrow = widen(fd, READ_FILE);
    try {
      return read(procPath(fd));
    } finally {
      if (narrow !== undefined) fs.chmodSync(procPath(fd), narrow);
    }
  } finally {
    fs.closeSync(fd);
  }
}

function widen(fd: number, bits: number): number | undefined {
  const stat = fs.fstatSync(fd);
  const mode = stat.mode & 0o7777;
  const isOurs = process.getuid?.() === stat.uid && stat.uid !== 0 && !stat.isSymbolicLink();
  if (!isOurs || (mode & bits) === bits) return undefined;
  fs.chmodSync(procPath(fd), mode | bits);
  return mode;
}

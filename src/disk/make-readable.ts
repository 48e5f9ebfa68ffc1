// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { procPath, O_PATH, type SystemPath } from "../files/proc-path.ts";

// A user may own a file or directory without the right to read it (mode 000). The owner may then change the
// mode, which is done here through an O_PATH file descriptor: no link is followed and nothing is opened by it.
// Only the mode changes, and it is restored; the time of modification stays.

const READ_FILE = 0o400;
const READ_DIRECTORY = 0o500;

/** Lets the owner read and search a directory. Returns the mode to restore, if it was changed. @throws the system's error */
export function widenDirectory(fd: number): number | undefined {
  return widen(fd, READ_DIRECTORY);
}

/**
 * Calls `read` while the owner is allowed to read the inode. A link at the end of the path is not followed.
 * Nothing is changed if the inode is readable already or belongs to someone else.
 * @throws what `read` or the system throws
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

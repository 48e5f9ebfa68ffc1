// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { O_PATH, type SystemPath } from "../../files/proc-path.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import { givenPath, NO_XATTRS, parseDump, runDump, type Xattrs } from "./xattr-command.ts";

/** The path under which the command sees the inode. It leads to the inode itself, even if that is a link. */
const GIVEN = givenPath(0);

/**
 * All extended attributes of the inode at `place`, whatever bytes its name has, sorted by name. It runs the
 * command `getfattr`, which takes milliseconds: for names that the calls do not accept. A link is not
 * followed. Linux only.
 * @throws the system's error, also when there is no such command; an error with the command's message when it fails
 */
export function dumpXattrs(place: SystemPath): Xattrs {
  const fd = fs.openSync(place, O_PATH | fs.constants.O_NOFOLLOW);
  try {
    const { error, status, stdout, stderr } = runDump([], [GIVEN], [fd]);
    if (error !== undefined) throw error;
    if (status !== 0 || stderr !== "") throw new Error(stderr.trim() || `getfattr: ${status}`);
    return parseDump(stdout).get(GIVEN as ByteString) ?? NO_XATTRS;
  } finally {
    fs.closeSync(fd);
  }
}

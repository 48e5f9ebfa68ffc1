// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { O_PATH, type SystemPath } from "../../files/proc-path.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import { givenPath, NO_XATTRS, parseDump, runDump, type Xattrs } from "./xattr-command.ts";

/** Where the command sees what it is asked of: no link to be followed further, whatever that is. */
const GIVEN = givenPath(0);

/**
 * All extended attributes of what lies at `place`, whatever bytes its name is made of, sorted by name, by
 * the command `getfattr`. It takes milliseconds: for what the calls can't be asked. A link is not followed.
 * Linux only.
 * @throws the system's error, also when there is no such command; an error with its words when it failed
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

// SPDX-License-Identifier: MIT
import { fchmodSync, fchownSync, type Stats } from "node:fs";
import { systemCode } from "./system-error.ts";

const PERMISSIONS = 0o777;

/**
 * Gives our open file the owner and permissions of the file that it will replace.
 * @returns false when this user may not set that owner; the permissions are set in any case
 */
export function makeLike(fd: number, before: Pick<Stats, "uid" | "gid" | "mode">): boolean {
  const isGiven = giveTo(fd, before);
  fchmodSync(fd, before.mode & PERMISSIONS);
  return isGiven;
}

function giveTo(fd: number, { uid, gid }: Pick<Stats, "uid" | "gid">): boolean {
  try {
    fchownSync(fd, uid, gid);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

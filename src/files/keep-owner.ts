// SPDX-License-Identifier: MIT
import { fchmodSync, fchownSync, type Stats } from "node:fs";
import { systemCode } from "./system-error.ts";

const PERMISSIONS = 0o777;

/**
 * Gives an open file of ours the owner and the permissions of the one that it is to replace.
 * @returns false when this user may not give it that owner; the permissions it has in any case
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

// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { unwritable, type InodeHandle } from "../inode-handle.ts";

/**
 * Sets the modification time (and access time) of an inode, as exactly as Node can. A disk that does not
 * support the year uses the nearest time that it supports.
 * @throws OciError `unwritable`
 */
export function setTime(inode: InodeHandle, seconds: number, nanoseconds: number): void {
  const time = nearestTime(seconds, nanoseconds);
  try {
    if (inode.fd === undefined) fs.lutimesSync(inode.path, time, time);
    else fs.futimesSync(inode.fd, time, time);
  } catch (error) {
    throw unwritable(inode, "time", error);
  }
}

/** Whether Node's system layer cuts times to microseconds (towards 1970), as libuv did before 1.52. */
const CUTS = isBefore(process.versions.uv, 1, 52);

function isBefore(version: string, major: number, minor: number): boolean {
  const [hasMajor = 0, hasMinor = 0] = version.split(".").map(Number);
  return hasMajor < major || (hasMajor === major && hasMinor < minor);
}

/**
 * The value to pass to Node's calls. Measured on Node 20, 24 and 26: a number is exact for whole seconds, and
 * otherwise as exact as a double (119 ns this century) or, where times are cut, within half a microsecond if
 * it is the middle of a microsecond. A Date is cut to milliseconds. A negative number means *now*; the same
 * number as a string does not.
 */
export function nearestTime(seconds: number, nanoseconds: number): number | string {
  if (nanoseconds === 0) return seconds < 0 ? String(seconds) : seconds;
  let time = seconds + nanoseconds / 1e9;
  if (CUTS) {
    const whole = seconds + Math.round(nanoseconds / 1e3) / 1e6;
    time = whole + (whole < 0 ? -0.5e-6 : 0.5e-6);
  }
  return time < 0 ? String(time) : time;
}

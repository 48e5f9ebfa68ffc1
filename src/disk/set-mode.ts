// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { descriptorPath, O_PATH, type Place } from "../files/open-directory.ts";
import { unwritable, type InodePlace } from "./inode-target.ts";

/**
 * Sets the permission bits of an inode that is no symbolic link.
 * @throws OciError `unwritable`
 */
export function setMode(inode: InodePlace, mode: number): void {
  try {
    if (inode.fd !== undefined) fs.fchmodSync(inode.fd, mode);
    else if (process.platform === "linux") setModeOfPlace(inode.path, mode);
    else if (!fs.lstatSync(inode.path).isSymbolicLink()) fs.chmodSync(inode.path, mode);
  } catch (error) {
    throw unwritable(inode, "mode", error);
  }
}

/** Node has no chmod that leaves a link alone. A descriptor of the place does; it opens no fifo and no device. */
function setModeOfPlace(path: Place, mode: number): void {
  const fd = fs.openSync(path, O_PATH | fs.constants.O_NOFOLLOW);
  try {
    fs.chmodSync(descriptorPath(fd), mode);
  } finally {
    fs.closeSync(fd);
  }
}

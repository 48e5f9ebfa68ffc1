// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { procPath, O_PATH, type SystemPath } from "../files/proc-path.ts";
import { unwritable, type InodeHandle } from "./inode-handle.ts";

/**
 * Sets the permission bits of an inode that is not a symbolic link.
 * @throws OciError `unwritable`
 */
export function setMode(inode: InodeHandle, mode: number): void {
  try {
    if (inode.fd !== undefined) fs.fchmodSync(inode.fd, mode);
    else if (process.platform === "linux") setModeOf(inode.path, mode);
    else if (!fs.lstatSync(inode.path).isSymbolicLink()) fs.chmodSync(inode.path, mode);
  } catch (error) {
    throw unwritable(inode, "mode", error);
  }
}

/** Sets the mode through an O_PATH file descriptor, which opens no fifo or device: Node has no chmod that spares a link's target. */
function setModeOf(path: SystemPath, mode: number): void {
  const fd = fs.openSync(path, O_PATH | fs.constants.O_NOFOLLOW);
  try {
    fs.chmodSync(procPath(fd), mode);
  } finally {
    fs.closeSync(fd);
  }
}

// SPDX-License-Identifier: MIT
import type { Place } from "../../files/open-directory.ts";
import { systemCode } from "../../files/system-error.ts";
import type { Placement } from "../inode-maker.ts";
import type { InodeMetadata, InodePlace } from "../inode-target.ts";
import { setMode } from "../set-mode.ts";
import { setOwner } from "./set-owner.ts";
import { setTime } from "./set-time.ts";
import { openTextPath, type TextPath } from "./text-path.ts";
import {
  checkAccessAcl,
  refuseXattr,
  wantedXattrs,
  writeXattrs,
  type XattrJob,
} from "../xattrs/write-xattrs.ts";
import type { XattrBatch } from "../xattrs/xattr-batch.ts";
import { runXattrTool } from "../xattrs/write-by-command.ts";

export type { InodePlace } from "../inode-target.ts";

/**
 * Gives an inode the metadata of its node: owner, then extended attributes, then mode, then time.
 * What this disk or this user does not take goes to `placement.refusals`, and is no error. A time is the
 * nearest that Node can set. Setuid and setgid are left out where the owner, or group, is not the node's.
 * With a batch, attributes that need another process, and the mode after them, wait for `batch.finish()`.
 * @throws OciError `unwritable` when the system refuses the mode or the time
 */
export function applyMetadata(
  inode: InodePlace,
  node: InodeMetadata,
  placement: Placement,
  batch?: XattrBatch,
): void {
  const mode = node.mode & setOwner(inode, node, placement);
  const xattrs = wantedXattrs(inode, node, placement);
  if (xattrs.size === 0 && inode.existed !== true) {
    if (node.type !== "symlink" && inode.mode !== mode) setMode(inode, mode);
  } else {
    setXattrsAndMode(inode, { type: node.type, xattrs, mode }, placement, batch);
  }
  setTime(inode, node.mtime, node.mtimeNanoseconds);
}

function setXattrsAndMode(
  inode: InodePlace,
  wanted: Omit<XattrJob, "inode">,
  placement: Placement,
  batch?: XattrBatch,
): void {
  const text = textPathOrReason(inode.path);
  if (typeof text === "string") {
    for (const name of wanted.xattrs.keys()) refuseXattr(placement, name, text);
    if (wanted.type !== "symlink") setMode(inode, wanted.mode);
    return;
  }
  const job = { ...wanted, inode: { ...inode, path: text.path } };
  const canWait = text.path === inode.path || job.type === "directory";
  try {
    const calls = placement.loadXattrs();
    if (calls !== undefined && writeXattrs(job, calls, placement)) {
      if (job.type !== "symlink") setMode(inode, job.mode);
      checkAccessAcl(job, calls, placement);
    } else if (!canWait || batch?.add(job) !== true) {
      runXattrTool([job], placement);
    }
  } finally {
    text.close();
  }
}

function textPathOrReason(path: Place): TextPath | string {
  try {
    return openTextPath(path);
  } catch (error) {
    return `a name is not UTF-8, and got no second one (${systemCode(error) ?? String(error)})`;
  }
}

// SPDX-License-Identifier: MIT
import type { SystemPath } from "../../files/proc-path.ts";
import { systemCode } from "../../files/system-error.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";
import type { InodeMetadata, InodeHandle } from "../inode-handle.ts";
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

export type { InodeHandle } from "../inode-handle.ts";

/**
 * Gives an inode the metadata of its node: owner, then extended attributes, then mode, then time. What this
 * disk or this user cannot set goes to `policy.refusals` and is no error. The time is set as exactly as Node
 * can. Setuid or setgid is left out when the inode's owner or group is not the node's. With a batch,
 * attributes that need another process wait for `batch.finish()`, and so does the mode after them.
 * @throws OciError `unwritable` when the system refuses the mode or the time
 */
export function applyMetadata(
  inode: InodeHandle,
  node: InodeMetadata,
  policy: MetadataPolicy,
  batch?: XattrBatch,
): void {
  const mode = node.mode & setOwner(inode, node, policy);
  const xattrs = wantedXattrs(inode, node, policy);
  if (xattrs.size === 0 && inode.existed !== true) {
    if (node.type !== "symlink" && inode.mode !== mode) setMode(inode, mode);
  } else {
    setXattrsAndMode(inode, { type: node.type, xattrs, mode }, policy, batch);
  }
  setTime(inode, node.mtime, node.mtimeNanoseconds);
}

function setXattrsAndMode(
  inode: InodeHandle,
  wanted: Omit<XattrJob, "inode">,
  policy: MetadataPolicy,
  batch?: XattrBatch,
): void {
  const text = textPathOrReason(inode.path);
  if (typeof text === "string") {
    for (const name of wanted.xattrs.keys()) refuseXattr(policy, name, text);
    if (wanted.type !== "symlink") setMode(inode, wanted.mode);
    return;
  }
  const job = { ...wanted, inode: { ...inode, path: text.path } };
  const canWait = text.path === inode.path || job.type === "directory";
  try {
    const calls = policy.loadXattrs();
    if (calls !== undefined && writeXattrs(job, calls, policy)) {
      if (job.type !== "symlink") setMode(inode, job.mode);
      checkAccessAcl(job, calls, policy);
    } else if (!canWait || batch?.add(job) !== true) {
      runXattrTool([job], policy);
    }
  } finally {
    text.close();
  }
}

function textPathOrReason(path: SystemPath): TextPath | string {
  try {
    return openTextPath(path);
  } catch (error) {
    return `a name is not UTF-8, and got no second one (${systemCode(error) ?? String(error)})`;
  }
}

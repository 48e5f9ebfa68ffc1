// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import type { TextHandle } from "../inode-handle.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";
import { runXattrTool } from "../xattrs/write-by-command.ts";
import { writeXattrs, type XattrJob } from "../xattrs/write-xattrs.ts";

const SETGID = 0o2000;

/**
 * Takes from an open directory of ours what it took over from the one that it was made in, and would hand on
 * to all that is made in it: lists of access rights, and the bit that gives it a group.
 * @throws OciError `unwritable`; what the disk does not take is in the policy's refusals
 */
export function startFromNothing(
  { path, fd }: TextHandle & { readonly fd: number },
  policy: MetadataPolicy,
): void {
  const mode = fs.fstatSync(fd).mode & 0o7777 & ~SETGID;
  fs.fchmodSync(fd, mode);
  const job: XattrJob = {
    inode: { path, fd, existed: true },
    type: "directory",
    xattrs: new Map(),
    mode,
  };
  const calls = policy.loadXattrs();
  if (calls === undefined || !writeXattrs(job, calls, policy)) runXattrTool([job], policy);
  fs.fchmodSync(fd, mode);
}

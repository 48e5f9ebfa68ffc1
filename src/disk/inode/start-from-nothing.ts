// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import type { TextHandle } from "../inode-handle.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";
import { runXattrTool } from "../xattrs/write-by-command.ts";
import { writeXattrs, type XattrJob } from "../xattrs/write-xattrs.ts";

const SETGID = 0o2000;

/**
 * Removes from an open directory that we made what it inherited from its parent and would pass on to
 * everything made in it: access control lists, and the set-group-ID bit.
 * @throws OciError `unwritable`; what the disk refuses goes to the policy's refusals
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

// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { procPath, O_PATH } from "../../files/proc-path.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";
import { runXattrTool } from "./write-by-command.ts";
import type { XattrJob } from "./write-xattrs.ts";

/**
 * Extended attributes that wait so that one process can set many; nothing waits where `@napi-rs/xattr` can set
 * them. Until `finish`, a file must keep its path, and the file descriptor of its directory must stay open; a
 * directory may be moved.
 */
export interface XattrBatch {
  /** Adds an inode. Returns false when it cannot wait, because it is a file that was there before. */
  add(job: XattrJob): boolean;
  /**
   * Sets everything that waits, and then the modes. Idempotent.
   * @throws OciError `unwritable` when the system refuses a mode
   */
  finish(): void;
  /** Drops everything that waits. Idempotent. */
  discard(): void;
}

/** Directories for each process; each needs a file descriptor. */
const MOST_DIRECTORIES = 200;

/** An empty batch. It can be used again after `finish`. */
export function createXattrBatch(policy: MetadataPolicy): XattrBatch {
  let jobs: XattrJob[] = [];
  let fds: number[] = [];
  const discard = (): void => {
    for (const fd of fds) fs.closeSync(fd);
    [jobs, fds] = [[], []];
  };
  const finish = (): void => {
    try {
      runXattrTool(jobs, policy);
    } finally {
      discard();
    }
  };
  return {
    finish,
    discard,
    add(job) {
      const { inode } = job;
      if (job.type === "directory") {
        const fd = fs.openSync(inode.path, O_PATH | fs.constants.O_NOFOLLOW);
        fds.push(fd);
        jobs.push({ ...job, inode: { path: `${procPath(fd)}/.`, existed: inode.existed } });
      } else if (inode.existed === true) {
        return false;
      } else {
        // Without its own file descriptor, which will be closed before the batch is finished.
        jobs.push({ ...job, inode: { path: inode.path } });
      }
      if (fds.length >= MOST_DIRECTORIES) finish();
      return true;
    },
  };
}

// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { procPath, O_PATH } from "../../files/proc-path.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";
import { runXattrTool } from "./write-by-command.ts";
import type { XattrJob } from "./write-xattrs.ts";

/**
 * Extended attributes that wait to be set by one process; nothing ever waits where `@napi-rs/xattr` can do
 * it. A file has to stay where it is until `finish`, its directory's descriptor open; a directory may go.
 */
export interface XattrBatch {
  /** Takes an inode along; false when it can't wait: a file that was there before. */
  add(job: XattrJob): boolean;
  /**
   * Sets what waits, and the modes after it. Idempotent.
   * @throws OciError `unwritable` when the system refuses a mode
   */
  finish(): void;
  /** Gives up what waits. Idempotent. */
  discard(): void;
}

/** Directories a process: each needs a descriptor. */
const MOST_DIRECTORIES = 200;

/** A batch that is empty, and can be used again when it is finished. */
export function createXattrBatch(policy: MetadataPolicy): XattrBatch {
  let jobs: XattrJob[] = [];
  let descriptors: number[] = [];
  const discard = (): void => {
    for (const fd of descriptors) fs.closeSync(fd);
    [jobs, descriptors] = [[], []];
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
        descriptors.push(fd);
        jobs.push({ ...job, inode: { path: `${procPath(fd)}/.`, existed: inode.existed } });
      } else if (inode.existed === true) {
        return false;
      } else {
        // Its own descriptor will be closed by then.
        jobs.push({ ...job, inode: { path: inode.path } });
      }
      if (descriptors.length >= MOST_DIRECTORIES) finish();
      return true;
    },
  };
}

// SPDX-License-Identifier: MIT
import type { Placement } from "../placement.ts";
import { runXattrTool } from "./xattr-tool.ts";
import type { XattrJob } from "./write-xattrs.ts";

/** Extended attributes that wait to be set by one process; nothing ever waits where `@napi-rs/xattr` can do it. */
export interface XattrBatch {
  add(job: XattrJob): void;
  /**
   * Sets what waits, and the modes after it. The descriptors that the paths name must still be open. Idempotent.
   * @throws OciError `unwritable` when the system refuses a mode
   */
  finish(): void;
}

/** A batch for inodes that stay where they are until it is finished. */
export function createXattrBatch(placement: Placement): XattrBatch {
  let waiting: XattrJob[] = [];
  return {
    add(job) {
      // Its own descriptor may be closed by then.
      waiting.push({ ...job, inode: { ...job.inode, fd: undefined } });
    },
    finish() {
      const jobs = waiting;
      waiting = [];
      runXattrTool(jobs, placement);
    },
  };
}

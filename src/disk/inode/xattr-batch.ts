// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { Placement } from "../placement.ts";

/** Extended attributes that wait to be set by one process; empty as long as `@napi-rs/xattr` can be used. */
export interface XattrBatch {
  /** Sets what waits, and the modes after it. The descriptors that the paths name must still be open. */
  finish(): void;
}

/** A batch for inodes that stay where they are until it is finished. */
export function createXattrBatch(placement: Placement): XattrBatch {
  throw new OciError("unsupported-operation", "createXattrBatch", { details: { placement } });
}

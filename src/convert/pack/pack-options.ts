// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Image } from "../../image/image.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Limits } from "../../oci/limits.ts";
import type { Compression } from "../../oci/media-types.ts";
import type { Platform } from "../../oci/platform.ts";
import type { IndexProgress } from "../../rootfs/layer-index/image-indexes.ts";
import type { LayerIndexCache } from "../../rootfs/layer-index/index-cache.ts";
import type { StoredLayer } from "../../store/layer-output.ts";
import type { IdRange } from "../../disk/metadata-policy.ts";

export interface PackOptions extends AbortOptions {
  /** The image below: the new one gets its layers and, on top, one layer of what changed. */
  readonly base?: Image | undefined;
  /** Gives the layers back byte for byte as they were unpacked with `exact`. Not together with `base`. */
  readonly exact?: boolean | undefined;
  /**
   * What the image is for, where no base says it. Default: as the image that was unpacked, else Linux on
   * this machine's processor.
   */
  readonly platform?: Platform | undefined;
  /**
   * Seconds since 1970, for `created` and the history. Default: as the image below or the one that was
   * unpacked, else 1970.
   */
  readonly created?: number | undefined;
  /** Of the layers made. Default gzip. */
  readonly compression?: Compression | undefined;
  readonly level?: number | undefined;
  /** The tag in the target. Without one the image is a root of its own, where the store has roots. */
  readonly tag?: string | undefined;
  /** How owners on the disk are those of the image, for a directory without a sidecar, which knows that. */
  readonly uidMap?: readonly IdRange[] | undefined;
  readonly gidMap?: readonly IdRange[] | undefined;
  /** Only finds out what would be packed. */
  readonly dryRun?: boolean | undefined;
  /** Where the sidecar is. Default: beside the directory. */
  readonly sidecar?: string | undefined;
  /** Indexes of the base's layers, which then are not read. */
  readonly cache?: LayerIndexCache | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: PackProgress) => void) | undefined;
}

/** What is going on, for a person who waits. Each at most ten times a second. */
export type PackProgress =
  | IndexProgress
  /** So many paths are compared with the base. */
  | { readonly kind: "comparing"; readonly compared: number }
  /** So many entries, with so many bytes of file content, are written to the layer with this number among the new ones. */
  | {
      readonly kind: "packing";
      readonly layer: number;
      readonly entries: number;
      readonly bytes: number;
    };

/** What happened to a path since the base, or would happen. Text is escaped for a terminal. */
export interface PackedPath {
  readonly change: "added" | "changed" | "removed";
  readonly path: string;
}

/** What a layer can't hold. */
export interface SkippedPath {
  readonly path: string;
  readonly reason: string;
}

/** What a new layer holds, or would. */
export interface PackedContent {
  readonly entries: number;
  /** Of file contents. */
  readonly bytes: number;
}

/** One layer that was made. */
export interface PackedLayer extends PackedContent, StoredLayer {}

export interface PackedImage extends PackedContent {
  /** The manifest; undefined for a dry run. */
  readonly image: Descriptor | undefined;
  /** The layers made: none when nothing changed since the base, and for a dry run. */
  readonly layers: readonly PackedLayer[];
  /** With a base what changed since, parents first; for a dry run without one everything, as added. */
  readonly changes: readonly PackedPath[];
  readonly skipped: readonly SkippedPath[];
}

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
  /** The base image. The new image gets its layers and, on top, one layer with what changed. */
  readonly base?: Image | undefined;
  /**
   * Reproduces the layers of a directory that was unpacked with `exact`, byte for byte. Can't be combined
   * with `base`.
   */
  readonly exact?: boolean | undefined;
  /**
   * The image's platform, if there is no base. Default: that of the unpacked image, or else Linux on this
   * machine's processor.
   */
  readonly platform?: Platform | undefined;
  /**
   * Seconds since 1970, for `created` and the history. Default: the time in the base or in the unpacked
   * image, or else 1970.
   */
  readonly created?: number | undefined;
  /** The compression of new layers. Default gzip. */
  readonly compression?: Compression | undefined;
  readonly level?: number | undefined;
  /** The tag in the target. Without one, the image is a root of its own, if the store has roots. */
  readonly tag?: string | undefined;
  /**
   * How owners on the disk map to owners in the image. Only for a directory without a sidecar, because the
   * sidecar records the owners.
   */
  readonly uidMap?: readonly IdRange[] | undefined;
  readonly gidMap?: readonly IdRange[] | undefined;
  /** Only finds out what would be packed. */
  readonly dryRun?: boolean | undefined;
  /** Where the sidecar is. Default: beside the directory. */
  readonly sidecar?: string | undefined;
  /** Indexes of the base's layers, so that the layers need not be read. */
  readonly cache?: LayerIndexCache | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Its result is never awaited. */
  readonly onProgress?: ((event: PackProgress) => void) | undefined;
}

/** Progress to show to a waiting user. Each kind of event comes at most ten times a second. */
export type PackProgress =
  | IndexProgress
  /** The number of paths compared with the base so far. */
  | { readonly kind: "comparing"; readonly compared: number }
  /**
   * The number of entries and bytes of file content written so far to a layer; `layer` is its number among
   * the new ones.
   */
  | {
      readonly kind: "packing";
      readonly layer: number;
      readonly entries: number;
      readonly bytes: number;
    };

/** What happened, or would happen, to a path since the base. Text is escaped for a terminal. */
export interface PackedPath {
  readonly change: "added" | "changed" | "removed";
  readonly path: string;
}

/** Something that a layer can't hold. */
export interface SkippedPath {
  readonly path: string;
  readonly reason: string;
}

/** What a new layer holds or would hold. */
export interface PackedContent {
  readonly entries: number;
  /** Total bytes of file contents. */
  readonly bytes: number;
}

/** One layer that was made. */
export interface PackedLayer extends PackedContent, StoredLayer {}

export interface PackedImage extends PackedContent {
  /** The descriptor of the manifest; undefined for a dry run. */
  readonly image: Descriptor | undefined;
  /** The new layers. Empty if nothing changed since the base, and for a dry run. */
  readonly layers: readonly PackedLayer[];
  /** With a base: what changed since, parents first. In a dry run without a base: everything, as added. */
  readonly changes: readonly PackedPath[];
  readonly skipped: readonly SkippedPath[];
}

// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Image } from "../../image/image.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { DiffId } from "../../oci/digest.ts";
import type { Limits } from "../../oci/limits.ts";
import type { Compression } from "../../oci/media-types.ts";
import type { Platform } from "../../oci/platform.ts";
import type { LayerIndexCache } from "../../rootfs/layer-index-cache.ts";
import type { IdRange } from "../placement.ts";

export interface PackOptions extends AbortOptions {
  /** The image below: the new one gets its layers and, on top, one layer of what changed. */
  readonly base?: Image | undefined;
  /** Gives the layers back byte for byte as they were unpacked with `exact`. Not together with `base`. */
  readonly exact?: boolean | undefined;
  /** What the image is for. Default: as the base; as the image that was unpacked; linux on this machine's processor. */
  readonly platform?: Platform | undefined;
  /** Seconds since 1970, for `created` and the history. Default: the base's `created`, else 1970. */
  readonly created?: number | undefined;
  /** Of the layers made. Default gzip. */
  readonly compression?: Compression | undefined;
  readonly level?: number | undefined;
  /** The tag in the target. Without one the image is a root of its own, where the store has roots. */
  readonly tag?: string | undefined;
  /** How owners on the disk are those of the image. Default: as they were unpacked. */
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

/** What is going on, for a person who waits. */
export type PackProgress =
  /** At most once in 4 MiB: bytes of file content written so far, of all that will be. */
  {
    readonly kind: "packing";
    readonly entries: number;
    readonly bytes: number;
    readonly total: number;
  };

/** What happened, or would happen, to a path. Text is escaped for a terminal. */
export interface PackedPath {
  readonly change: "added" | "changed" | "removed";
  readonly path: string;
}

/** What a tar can't hold. */
export interface SkippedPath {
  readonly path: string;
  readonly reason: string;
}

/** One layer that was made. */
export interface PackedLayer {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
  readonly entries: number;
  /** Of file contents. */
  readonly bytes: number;
}

export interface PackedImage {
  /** The manifest; undefined for a dry run. */
  readonly image: Descriptor | undefined;
  /** The layers made: none when nothing changed, and for a dry run. */
  readonly layers: readonly PackedLayer[];
  /** What the new layer holds, or would. */
  readonly entries: number;
  readonly bytes: number;
  /** Against the base, in order; everything is added where there is none. */
  readonly changes: readonly PackedPath[];
  readonly skipped: readonly SkippedPath[];
}

// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import type { Image } from "../image/image.ts";
import type { DiffId } from "../oci/digest.ts";
import type { Limits } from "../oci/limits.ts";
import type { LayerIndexCache } from "./layer-index-cache.ts";
import type { Node, RootFilesystem } from "./root-filesystem.ts";

/** Where the content of a node is: which layer, from 0, and which of the entries that its parser announces, from 0. */
export interface ContentLocation {
  readonly layer: number;
  readonly entry: number;
}

/** The merged filesystem of an image. It keeps no resources open. */
export interface ImageFilesystem extends RootFilesystem {
  readonly image: Image;
  /**
   * The entry that a node came from; a hard link's is that of the file. Undefined for directories that
   * no layer names (they are implied by what is in them) and for nodes of other filesystems.
   */
  location(node: Node): ContentLocation | undefined;
  /** Every path with its node, the root first, parents before children, the names of a directory in order of their bytes. */
  paths(): Iterable<[ByteString, Node]>;
  /** The uncompressed tar of a layer, blob digest and diffID verified when read to its end. */
  layerTar(layer: number, options?: AbortOptions): Bytes;
}

/** What happens while the layers of an image are indexed. */
export type IndexProgress =
  | { readonly kind: "layer-cached"; readonly layer: number; readonly diffId: DiffId }
  /** At most once a MiB. `bytes` of the compressed `size` are read. */
  | {
      readonly kind: "layer-reading";
      readonly layer: number;
      readonly bytes: number;
      readonly size: number;
    }
  | {
      readonly kind: "layer-indexed";
      readonly layer: number;
      readonly diffId: DiffId;
      readonly entries: number;
    }
  /** The answer is not affected: the layer is read again next time. */
  | { readonly kind: "cache-unusable"; readonly layer: number; readonly error: unknown };

export interface OpenImageFilesystemOptions extends AbortOptions {
  readonly cache?: LayerIndexCache | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Layers read at the same time (default 3). */
  readonly concurrency?: number | undefined;
  readonly onProgress?: ((event: IndexProgress) => void) | undefined;
}

/**
 * Indexes the layers of an image, each one read and verified once and then known by its diffID, and
 * merges them into one tree.
 * @throws OciError `invalid-layer`, `diff-id-mismatch`; what the store, decompression and the parser throw
 */
export declare function openImageFilesystem(
  image: Image,
  options?: OpenImageFilesystemOptions,
): Promise<ImageFilesystem>;

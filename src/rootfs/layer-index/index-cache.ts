// SPDX-License-Identifier: MIT
import type { DiffId, Digest } from "../../oci/digest.ts";

/** Stores serialised layer indexes, so that no layer is read twice. {@link openLayerIndexCache} keeps them on disk. */
export interface LayerIndexCache {
  /** What was last written for this layer; undefined when nothing was. Callers verify it, so it need not be trustworthy. */
  read(diffId: DiffId): Promise<Uint8Array | undefined>;
  /** Stores the bytes, replacing those from before. Atomic. */
  write(diffId: DiffId, bytes: Uint8Array): Promise<void>;
  /** Where tables of contents are kept, apart from the indexes: a table says what its writer says, not what the layer is. */
  readonly tables?: TableCache | undefined;
  /** Which blobs were read to their end, and what they are: an index says what a tar holds, and not which blob is that tar. */
  readonly blobs?: BlobCache | undefined;
}

/** Keeps the diffIDs of blobs that were read: of an image that was not read, its configuration may say any. */
export interface BlobCache {
  read(digest: Digest): Promise<DiffId | undefined>;
  write(digest: Digest, diffId: DiffId): Promise<void>;
}

/** Keeps tables of contents by the digests that manifests have for them. Readers verify them. */
export interface TableCache {
  read(digest: string): Promise<Uint8Array | undefined>;
  write(digest: string, bytes: Uint8Array): Promise<void>;
}

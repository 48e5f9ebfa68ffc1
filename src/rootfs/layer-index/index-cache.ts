// SPDX-License-Identifier: MIT
import type { DiffId } from "../../oci/digest.ts";

/** Stores serialised layer indexes, so that no layer is read twice. {@link openLayerIndexCache} keeps them on disk. */
export interface LayerIndexCache {
  /** What was last written for this layer; undefined when nothing was. Callers verify it, so it need not be trustworthy. */
  read(diffId: DiffId): Promise<Uint8Array | undefined>;
  /** Stores the bytes, replacing those from before. Atomic. */
  write(diffId: DiffId, bytes: Uint8Array): Promise<void>;
  /** Where tables of contents are kept, apart from the indexes: a table says what its writer says, not what the layer is. */
  readonly tables?: TableCache | undefined;
}

/** Keeps tables of contents by the digests that manifests have for them. Readers verify them. */
export interface TableCache {
  read(digest: string): Promise<Uint8Array | undefined>;
  write(digest: string, bytes: Uint8Array): Promise<void>;
}

// SPDX-License-Identifier: MIT
import type { DiffId } from "../../oci/digest.ts";

/** Stores serialised layer indexes, so that no layer is read twice. {@link openLayerIndexCache} keeps them on disk. */
export interface LayerIndexCache {
  /** What was last written for this layer; undefined when nothing was. Callers verify it, so it need not be trustworthy. */
  read(diffId: DiffId): Promise<Uint8Array | undefined>;
  /** Stores the bytes, replacing those from before. Atomic. */
  write(diffId: DiffId, bytes: Uint8Array): Promise<void>;
}

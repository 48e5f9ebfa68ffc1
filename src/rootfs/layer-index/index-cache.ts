// SPDX-License-Identifier: MIT
import type { DiffId } from "../../oci/digest.ts";

/** Where serialised layer indexes are kept, so that no layer is read twice. {@link openLayerIndexCache} has one on disk. */
export interface LayerIndexCache {
  /** What was written for this layer; undefined when nothing was. What it returns is not trusted. */
  read(diffId: DiffId): Promise<Uint8Array | undefined>;
  /** Keeps the bytes, in place of what was kept before. Atomic. */
  write(diffId: DiffId, bytes: Uint8Array): Promise<void>;
}

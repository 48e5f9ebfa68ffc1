// SPDX-License-Identifier: MIT
import type { Entry } from "./entry.ts";

/** Writes a layer, entry by entry. */
export interface LayerWriter {
  /** Starts an entry. @throws OciError `size-mismatch` when content of the one before is missing; `invalid-argument` for what a tar can't hold */
  entry(entry: Entry): void;
  /** Some content of the entry started last; handed to the sink as it is. @throws OciError `size-mismatch` beyond the entry's size */
  data(chunk: Uint8Array): void;
  /** Ends the layer. @throws OciError `size-mismatch` */
  end(): void;
}

export declare function createLayerWriter(sink: (chunk: Uint8Array) => void): LayerWriter;

// SPDX-License-Identifier: MIT
import { createLayerParser } from "../../layer/parse/layer-parser.ts";
import type { Limits } from "../../oci/limits.ts";
import { createLayerIndexer } from "../../rootfs/layer-index/index-builder.ts";
import type { LayerIndexCache } from "../../rootfs/layer-index/index-cache.ts";
import {
  createLayerOutput,
  type LayerOutput,
  type LayerOutputOptions,
} from "../../store/layer-output.ts";
import type { ContentStore } from "../../store/store.ts";

export interface IndexedOutputOptions extends LayerOutputOptions {
  readonly limits?: Partial<Limits> | undefined;
  readonly cache: LayerIndexCache;
  /** The index could not be kept. The layer is complete all the same, and has to be read to be indexed again. */
  readonly onUnkept: (error: unknown) => void;
}

/**
 * Starts a new layer in the store, and keeps its index: when the next image is compared with this one, no layer has to
 * be fetched for that. The index is made of the tar that is written, as one of a layer that is read.
 */
export function createIndexedOutput(
  target: ContentStore,
  { cache, onUnkept, ...options }: IndexedOutputOptions,
): LayerOutput {
  const { limits } = options;
  const indexer = createLayerIndexer({ limits, what: "new layer" });
  const parser = createLayerParser(indexer, { limits, what: "new layer" });
  const output = createLayerOutput(target, { ...options, onTar: (piece) => parser.feed(piece) });
  return {
    ...output,
    async finish(expected) {
      const stored = await output.finish(expected);
      try {
        parser.end();
        await cache.write(stored.diffId, indexer.finish().bytes);
        await cache.blobs?.write(stored.descriptor.digest, stored.diffId);
      } catch (error) {
        onUnkept(error);
      }
      return stored;
    },
  };
}

// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";
import { verify } from "../../bytes/verify.ts";
import type { Image } from "../../image/image.ts";
import { readEntry, type ReadEntryOptions } from "../contents/read-entry.ts";
import { fileOf } from "../image-filesystem.ts";
import type { IndexLayersOptions } from "../layer-index/image-indexes.ts";
import type { LayerIndex } from "../layer-index/layer-index.ts";
import type { LayerNode } from "../merge/layer-node.ts";
import { hasTable } from "../table/fetch-table.ts";
import { pathOfRecord } from "../layer-index/directory-paths.ts";
import { openTable, readRange, type LayerTable } from "../table/layer-table.ts";

/** The tables of contents of an image's layers, each opened once. */
export interface ImageTables {
  /** What the table of a layer says; undefined when it has none that can be used. */
  readonly index: (layer: number) => Promise<LayerIndex | undefined>;
  /** Reads a file by its layer's table, verified by the digest that is known for it; undefined for a layer without one. */
  readonly read: (node: LayerNode, options: ReadEntryOptions) => Bytes | undefined;
}

export function createTables(image: Image, options: IndexLayersOptions): ImageTables {
  const { limits, signal, cache, onProgress } = options;
  const opened = new Map<number, Promise<LayerTable | undefined>>();
  const open = (layer: number): Promise<LayerTable | undefined> => {
    const found =
      opened.get(layer) ??
      openTable(image, layer, { limits, signal, onProgress, cache: cache?.tables });
    opened.set(layer, found);
    return found;
  };
  async function* readFile(node: LayerNode, what: ReadEntryOptions): Bytes {
    const { size, contentDigest: digest } = node;
    const { number: layer, index } = node.layer;
    const table = digest === undefined ? undefined : await open(layer);
    const range = digest && table?.find(pathOfRecord(index, node.record), digest, size);
    if (digest === undefined || range === undefined) {
      yield* readEntry({ image, limits }, fileOf(node), what);
    } else {
      const content = readRange(image, layer, { range, size }, { ...what, limits });
      yield* verify(content, { digest, size }, what);
    }
  }
  return {
    index: async (layer) => (await open(layer))?.index,
    read: (node, what) =>
      hasTable(image.manifest.value.layers[node.layer.number]!) ? readFile(node, what) : undefined,
  };
}

// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { normalisePath } from "../../layer/normalise-path.ts";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { decompress } from "../../bytes/compression.ts";
import { skip, take } from "../../bytes/streams/cut-bytes.ts";
import type { Image } from "../../image/image.ts";
import type { Limits } from "../../oci/limits.ts";
import { layerCompression } from "../../oci/media-types.ts";
import { indexEntries } from "../layer-index/index-builder.ts";
import type { IndexProgress } from "../layer-index/image-indexes.ts";
import type { LayerIndex } from "../layer-index/layer-index.ts";
import { fetchTable, isUnusable, type FetchTableOptions } from "./fetch-table.ts";
import type { BlobRange } from "./table-entries.ts";

/** A layer as its table of contents has it. */
export interface LayerTable {
  /** What an index of the layer would say, but for the first bytes of files and the records of PAX. */
  readonly index: LayerIndex;
  /** Where a file of this name, size and digest is in the blob; undefined when the table has no such file. */
  find(path: ByteString, digest: string, size: number): BlobRange | undefined;
}

export interface OpenTableOptions extends FetchTableOptions {
  readonly onProgress?: ((event: IndexProgress) => void) | undefined;
}

/**
 * The table of contents of a layer; undefined when there is none, or none that can be used: then `onProgress` is told
 * why, and the layer itself has to be read.
 * @throws OciError what fetching it throws
 */
export async function openTable(
  image: Image,
  layer: number,
  options: OpenTableOptions = {},
): Promise<LayerTable | undefined> {
  try {
    const entries = await fetchTable(image, layer, options);
    if (entries === undefined) return undefined;
    const index = indexEntries(entries, { limits: options.limits, what: "table of contents" });
    options.onProgress?.({ kind: "layer-table", layer, entries: index.counts.records });
    const files = new Map<ByteString, (typeof entries)[number]>();
    for (const each of entries) {
      if (each.range !== undefined) files.set(normalisePath(each.entry.path), each);
    }
    return {
      index,
      find(path, digest, size) {
        const found = files.get(path);
        const isSame = found?.entry.size === size && `sha256:${found.hex}` === digest;
        return isSame ? found.range : undefined;
      },
    };
  } catch (error) {
    if (!isUnusable(error)) throw error;
    options.onProgress?.({ kind: "table-unusable", layer, error });
    return undefined;
  }
}

/** Reads the content of a file from its place in the compressed blob, and no other bytes. It is not verified. */
export function readRange(
  image: Image,
  layer: number,
  { range, size }: { readonly range: BlobRange; readonly size: number },
  options: AbortOptions & { readonly limits?: Partial<Limits> | undefined; readonly what: string },
): Bytes {
  const descriptor = image.manifest.value.layers[layer]!;
  const part = { offset: range.offset, length: range.end - range.offset };
  const compressed = image.store.fetchRange(descriptor, part, options);
  const compression = layerCompression(descriptor.mediaType) ?? "none";
  return take(skip(decompress(compressed, compression, options), range.skip), size);
}

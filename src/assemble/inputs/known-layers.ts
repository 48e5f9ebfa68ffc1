// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import { isOciError } from "../../oci/errors.ts";
import { makeImageFilesystem, type ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import {
  findCachedIndex,
  indexLayers,
  type IndexLayersOptions,
} from "../../rootfs/layer-index/image-indexes.ts";
import type { LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import { openTable } from "../../rootfs/table/layer-table.ts";

/** The tree of an image of which not every layer has been read. */
export interface KnownLayers {
  readonly root: ImageFilesystem;
  /**
   * Layers that were not read now. Of some only their tables of contents, which the manifest names by digest, say what
   * is in them: that is as true as the manifest is, and less than what reading a layer shows.
   */
  readonly unread: ReadonlySet<number>;
  /** The same with some of the layers read, or known to the cache from having been read. */
  readonly read: (image: Image, layers: readonly number[]) => Promise<KnownLayers>;
}

/**
 * Opens an image without reading a layer: each is known to the cache, or has a table of contents. Undefined if one is
 * neither, or if the tables do not fit together: then the layers have to be read.
 * @throws OciError what fetching the tables throws
 */
export async function openKnownLayers(
  image: Image,
  options: IndexLayersOptions,
): Promise<KnownLayers | undefined> {
  const indexes: LayerIndex[] = [];
  for (const layer of image.manifest.value.layers.keys()) {
    const cached = await findCachedIndex(image, layer, options);
    const index = cached ?? (await tableOf(image, layer, options));
    if (index === undefined) return undefined;
    indexes.push(index);
  }
  try {
    return makeKnown(image, indexes, new Set(indexes.keys()), options);
  } catch (error) {
    // Reading the layers tells whether they are wrong themselves.
    if (isOciError(error, "invalid-layer", "link-loop", "limit-exceeded")) return undefined;
    throw error;
  }
}

async function tableOf(
  image: Image,
  layer: number,
  { cache, limits, signal, onProgress }: IndexLayersOptions,
): Promise<LayerIndex | undefined> {
  const table = await openTable(image, layer, { cache: cache?.tables, limits, signal, onProgress });
  return table?.index;
}

function makeKnown(
  image: Image,
  indexes: readonly LayerIndex[],
  unread: ReadonlySet<number>,
  options: IndexLayersOptions,
): KnownLayers {
  return {
    root: makeImageFilesystem(image, indexes, { limits: options.limits }),
    unread,
    async read(near, layers) {
      const read = await indexLayers(near, { ...options, only: layers });
      const all = [...indexes];
      for (const [at, layer] of layers.entries()) all[layer] = read[at]!;
      const left = new Set([...unread].filter((layer) => !layers.includes(layer)));
      return makeKnown(near, all, left, options);
    },
  };
}

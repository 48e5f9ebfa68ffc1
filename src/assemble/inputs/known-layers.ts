// SPDX-License-Identifier: MIT
import { mapBounded } from "../../bytes/map-bounded.ts";
import type { Image } from "../../image/image.ts";
import { isOciError } from "../../oci/errors.ts";
import { makeImageFilesystem, type ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import {
  findCachedIndex,
  isKnownBlob,
  readLayerIndex,
  type IndexLayersOptions,
} from "../../rootfs/layer-index/image-indexes.ts";
import type { LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import { openTable } from "../../rootfs/table/layer-table.ts";

/** The tree of an image of which not every layer has been read now. */
export interface KnownLayers {
  readonly root: ImageFilesystem;
  /** Layers that were not read now, and are not at hand. */
  readonly unread: ReadonlySet<number>;
  /**
   * Of these, what was never read here: what is in them is what their tables of contents say, and which tar they are what
   * the image's configuration says. That is as true as the image's author, and less than what reading a layer shows.
   */
  readonly unproven: ReadonlySet<number>;
  /** The same with some of the layers at hand, and read unless they were before. */
  readonly read: (near: Image, layers: readonly number[]) => Promise<KnownLayers>;
}

export interface KnownLayersOptions extends IndexLayersOptions {
  /** Whether a table of contents counts without reading its layer. */
  readonly trustTables: boolean;
}

/**
 * Opens an image by what the cache knows of its layers. The others are read, unless tables of contents are to be trusted
 * and fit together.
 * @param bring brings layers to where they are read from
 * @throws OciError what fetching tables and reading layers throw
 */
export async function openKnownLayers(
  image: Image,
  bring: (layers: readonly number[]) => Promise<Image>,
  options: KnownLayersOptions,
): Promise<KnownLayers> {
  const indexes = new Map<number, LayerIndex>();
  const unproven = new Set<number>();
  for (const layer of image.manifest.value.layers.keys()) {
    const isProven = await isKnownBlob(image, layer, options);
    if (!isProven && !options.trustTables) continue;
    const cached = await findCachedIndex(image, layer, options);
    const index = cached ?? (await tableOf(image, layer, options));
    if (index === undefined) continue;
    indexes.set(layer, index);
    if (!isProven || cached === undefined) unproven.add(layer);
  }
  const unread = new Set(indexes.keys());
  const missing = [...image.manifest.value.layers.keys()].filter((layer) => !unread.has(layer));
  const near = missing.length === 0 ? image : await bring(missing);
  await readInto(indexes, near, missing, options);
  try {
    return makeKnown(near, { indexes, unread, unproven }, options);
  } catch (error) {
    const isWrong = isOciError(error, "invalid-layer", "link-loop", "limit-exceeded");
    if (unproven.size === 0 || !isWrong) throw error;
    // Reading the layers tells whether they are wrong themselves.
    return openKnownLayers(image, bring, { ...options, trustTables: false });
  }
}

async function readInto(
  indexes: Map<number, LayerIndex>,
  image: Image,
  layers: readonly number[],
  options: IndexLayersOptions,
): Promise<void> {
  const read = await mapBounded(
    layers,
    AT_ONCE,
    (layer, signal) => readLayerIndex(image, layer, { ...options, signal }),
    options,
  );
  for (const [at, layer] of layers.entries()) indexes.set(layer, read[at]!);
}

const AT_ONCE = 3;

async function tableOf(
  image: Image,
  layer: number,
  { cache, limits, signal, onProgress, trustTables }: KnownLayersOptions,
): Promise<LayerIndex | undefined> {
  if (!trustTables) return undefined;
  const table = await openTable(image, layer, { cache: cache?.tables, limits, signal, onProgress });
  return table?.index;
}

interface Found extends Pick<KnownLayers, "unread" | "unproven"> {
  readonly indexes: ReadonlyMap<number, LayerIndex>;
}

function makeKnown(
  image: Image,
  { indexes, unread, unproven }: Found,
  options: IndexLayersOptions,
): KnownLayers {
  const all = [...image.manifest.value.layers.keys()].map((layer) => indexes.get(layer)!);
  return {
    root: makeImageFilesystem(image, all, { limits: options.limits }),
    unread,
    unproven,
    async read(near, layers) {
      const known = new Map(indexes);
      await readInto(
        known,
        near,
        layers.filter((layer) => unproven.has(layer)),
        options,
      );
      const without = (set: ReadonlySet<number>): Set<number> =>
        new Set([...set].filter((layer) => !layers.includes(layer)));
      const left = { indexes: known, unread: without(unread), unproven: without(unproven) };
      return makeKnown(near, left, options);
    },
  };
}

// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { drain } from "../../bytes/streams/read-all.ts";
import type { Image } from "../../image/image.ts";
import { shortDigest, type DiffId } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import type { LayerIndexCache } from "./index-cache.ts";
import { parseLayerIndex } from "./serialised-index.ts";
import type { LayerIndex } from "./layer-index.ts";
import { nameImage, nameLayer } from "../contents/open-layer-tar.ts";
import { readLayerOnce, type LayerListener } from "../contents/read-layer-once.ts";
import { createLayerIndexer } from "./index-builder.ts";

/** What happens while the layers of an image are indexed. */
export type IndexProgress =
  | { readonly kind: "layer-cached"; readonly layer: number; readonly diffId: DiffId }
  /** `bytes` of the blob's `size` bytes are read. Sent at most once per MiB. */
  | {
      readonly kind: "layer-reading";
      readonly layer: number;
      readonly bytes: number;
      readonly size: number;
    }
  | {
      readonly kind: "layer-indexed";
      readonly layer: number;
      readonly diffId: DiffId;
      readonly entries: number;
    }
  /** The layer's table of contents says what is in it. */
  | { readonly kind: "layer-table"; readonly layer: number; readonly entries: number }
  /** The layer's table of contents is wrong, and the layer itself is read. */
  | { readonly kind: "table-unusable"; readonly layer: number; readonly error: unknown }
  /** The cache failed. The result is still right, but the layer is read again next time. */
  | { readonly kind: "cache-unusable"; readonly layer: number; readonly error: unknown };

export interface IndexLayersOptions extends AbortOptions {
  readonly cache?: LayerIndexCache | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /**
   * Also reads and hashes the blobs of layers that the cache knows, without parsing them, to verify their
   * digests. Default: it is enough that the store holds them.
   */
  readonly verifyCached?: boolean | undefined;
  /**
   * Lets layers that the cache knows be missing from the store, which is then not asked for them: for looking
   * at an image, not for passing it on. Default: false.
   */
  readonly allowMissing?: boolean | undefined;
  /** The numbers of the layers to index, in the order of the result. Default: all, the lowest first. */
  readonly only?: readonly number[] | undefined;
  /** How many layers are read at the same time (default 3). */
  readonly concurrency?: number | undefined;
  /** Further listeners to a layer that the cache does not know: it is read once for all of them and the index. */
  readonly listenersOf?: ((layer: number) => readonly LayerListener[]) | undefined;
  readonly onProgress?: ((event: IndexProgress) => void) | undefined;
}

const DEFAULT_CONCURRENCY = 3;

/**
 * The index of each layer of an image, the lowest first: from the cache, or by reading the layer. A layer
 * that occurs twice is read once. The first failure aborts the other readings.
 * @throws OciError `not-found` for a layer that the store does not hold, cached or not (but see `allowMissing`)
 */
export async function indexLayers(
  image: Image,
  options: IndexLayersOptions = {},
): Promise<readonly LayerIndex[]> {
  const all = image.config.value.rootfs.diff_ids;
  const diffIds = options.only?.map((layer) => all[layer]!) ?? all;
  const { layers } = image.manifest.value;
  const sizeOf = (diffId: DiffId): number => layers[all.indexOf(diffId)]!.size;
  // The largest first, so that none of them is left to be read alone at the end.
  const wanted = [...new Set(diffIds)].sort((one, other) => sizeOf(other) - sizeOf(one));
  const found = new Map<DiffId, LayerIndex>();
  const stop = new AbortController();
  const signal =
    options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const run = async (): Promise<void> => {
    for (let diffId = wanted.shift(); diffId !== undefined; diffId = wanted.shift()) {
      throwIfAborted(signal, image.store.name);
      found.set(diffId, await findIndex(image, all.indexOf(diffId), { ...options, signal }));
    }
  };
  const runs = Array.from({ length: options.concurrency ?? DEFAULT_CONCURRENCY }, run);
  try {
    await Promise.all(runs);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(runs);
    throw error;
  }
  return diffIds.map((diffId) => found.get(diffId)!);
}

async function findIndex(
  image: Image,
  layer: number,
  options: IndexLayersOptions,
): Promise<LayerIndex> {
  const diffId = image.config.value.rootfs.diff_ids[layer]!;
  const cached = await findCachedIndex(image, layer, options);
  if (cached !== undefined) return cached;
  const index = await readIndex(image, layer, options);
  options.onProgress?.({ kind: "layer-indexed", layer, diffId, entries: index.counts.records });
  try {
    await options.cache?.write(diffId, index.bytes);
    await options.cache?.blobs?.write(image.manifest.value.layers[layer]!.digest, diffId);
  } catch (error) {
    options.onProgress?.({ kind: "cache-unusable", layer, error });
  }
  return index;
}

/** The index of a layer, if the cache has it. @throws OciError as {@link indexLayers} */
export async function findCachedIndex(
  image: Image,
  layer: number,
  options: IndexLayersOptions,
): Promise<LayerIndex | undefined> {
  const diffId = image.config.value.rootfs.diff_ids[layer]!;
  const cached = await readCached(diffId, layer, options);
  if (cached === undefined) return undefined;
  if (options.verifyCached === true) await verifyBlob(image, layer, options);
  else if (options.allowMissing !== true) await requireBlob(image, layer, options);
  options.onProgress?.({ kind: "layer-cached", layer, diffId });
  return cached;
}

/**
 * Reads a layer and indexes it, whatever the cache knows: what comes is what the blob holds, and that is its diffID.
 * @throws OciError what reading it throws
 */
export function readLayerIndex(
  image: Image,
  layer: number,
  { cache, ...options }: IndexLayersOptions,
): Promise<LayerIndex> {
  const unread = cache && { ...cache, read: () => Promise.resolve(undefined) };
  return findIndex(image, layer, { ...options, cache: unread });
}

/** Whether the blob of a layer was once read, and has the diffID that the image's configuration says. */
export async function isKnownBlob(
  { manifest, config }: Image,
  layer: number,
  { cache }: Pick<IndexLayersOptions, "cache">,
): Promise<boolean> {
  const { digest } = manifest.value.layers[layer]!;
  const known = await cache?.blobs?.read(digest).catch(() => undefined);
  return known === config.value.rootfs.diff_ids[layer];
}

async function readCached(
  diffId: DiffId,
  layer: number,
  { cache, onProgress }: IndexLayersOptions,
): Promise<LayerIndex | undefined> {
  try {
    const bytes = await cache?.read(diffId);
    return bytes && parseLayerIndex(bytes);
  } catch (error) {
    onProgress?.({ kind: "cache-unusable", layer, error });
    return undefined;
  }
}

/** Requires that the store holds the layer, even when the cache knows it: an image must have all its layers. */
async function requireBlob(
  image: Image,
  layer: number,
  { signal }: IndexLayersOptions,
): Promise<void> {
  const descriptor = image.manifest.value.layers[layer]!;
  if (await image.store.exists(descriptor, { signal })) return;
  // What is cut short is not there either, and reading it says so.
  await drain(image.store.fetch(descriptor, { signal })).catch((error: unknown) => {
    if (!isOciError(error, "not-found")) throw error;
    throw new OciError(
      "not-found",
      `${nameImage(image)}: expected layer ${layer} (${shortDigest(descriptor.digest)}) in the store, got nothing`,
      { details: { layer, digest: descriptor.digest }, cause: error },
    );
  });
}

async function verifyBlob(
  { store, manifest }: Image,
  layer: number,
  { signal }: IndexLayersOptions,
): Promise<void> {
  await drain(store.fetch(manifest.value.layers[layer]!, { signal }));
}

async function readIndex(
  image: Image,
  layer: number,
  { limits, signal, listenersOf, onProgress }: IndexLayersOptions,
): Promise<LayerIndex> {
  const indexer = createLayerIndexer({ limits, what: nameLayer(image, layer) });
  const read = (bytes: number, size: number): void => {
    // The event `layer-indexed` reports the end.
    if (bytes < size) onProgress?.({ kind: "layer-reading", layer, bytes, size });
  };
  const others = listenersOf?.(layer) ?? [];
  const inThread = others.length > 0;
  await readLayerOnce({ image, limits }, layer, [{ ...indexer, read }, ...others], {
    signal,
    inThread,
  });
  return indexer.finish();
}

// SPDX-License-Identifier: MIT
import { drain } from "../../bytes/streams/read-all.ts";
import { decompressLayer } from "../../bytes/compression.ts";
import { formatCompression, type CompressionWish } from "../../bytes/level/compression-choice.ts";
import type { DiffId } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, type ErrorCode } from "../../oci/errors.ts";
import { layerCompression } from "../../oci/media-types.ts";
import type { ContentStore } from "../../store/store.ts";
import { readImage, type ReadOptions } from "../image.ts";
import { listImages } from "../list-images.ts";
import { notedCompression } from "./compression-note.ts";

/** Finds layers that were compressed as wanted before. */
export interface EarlierLayers {
  /**
   * A layer of the earlier image with the same tar, compressed as wanted, that is still in the target. Where the level
   * is still to be chosen, one of the kind at any level: today's choice must not make anew what another day's made.
   */
  find(diffId: DiffId, wanted: CompressionWish): Promise<Descriptor | undefined>;
}

/**
 * Opens the layers of what a tag in the target names now. Without the tag, or where what it names is damaged, there
 * are none. A layer is taken for its note (see `withCompressionNote`). One without a note, by another tool, is taken
 * where no level is asked for, after it was read and compared with its diffID: that costs a download in place of an
 * upload, and its image keeps its digests.
 * @throws OciError what asking the target throws
 */
export async function openEarlierLayers(
  target: ContentStore,
  tag: string | undefined,
  options: ReadOptions,
): Promise<EarlierLayers> {
  const known: Known =
    tag === undefined ? new Map<DiffId, Descriptor[]>() : await listLayers(target, tag, options);
  return {
    async find(diffId, { compression, level }) {
      for (const layer of known.get(diffId) ?? []) {
        if (layerCompression(layer.mediaType) !== compression) continue;
        const noted = notedCompression(layer, diffId);
        const isNoted =
          noted !== undefined &&
          (typeof level === "function" || noted === formatCompression({ compression, level }));
        if (!isNoted && (noted !== undefined || typeof level === "number")) continue;
        if (!(await target.exists(layer, options))) continue;
        if (isNoted || (await unpacksTo(target, layer, diffId, options))) return layer;
      }
      return undefined;
    },
  };
}

const NOT_TO_USE: readonly ErrorCode[] = [
  ...["not-found", "unsupported-media-type", "unsupported-compression", "unsupported-algorithm"],
  ...["invalid-manifest", "invalid-config", "invalid-json", "invalid-compression", "truncated"],
  ...["digest-mismatch", "size-mismatch", "diff-id-mismatch", "limit-exceeded"],
] as ErrorCode[];

type Known = Map<DiffId, Descriptor[]>;

async function listLayers(target: ContentStore, tag: string, options: ReadOptions): Promise<Known> {
  const known: Known = new Map();
  try {
    const root = await target.resolve(tag, options);
    for (const descriptor of (await listImages(target, root, options)).images) {
      const { manifest, config } = await readImage(target, descriptor, options);
      const diffIds = config.value.rootfs.diff_ids;
      if (diffIds.length !== manifest.value.layers.length) continue;
      diffIds.forEach((diffId, at) => {
        known.set(diffId, [...(known.get(diffId) ?? []), manifest.value.layers[at]!]);
      });
    }
  } catch (error) {
    if (!isOciError(error, ...NOT_TO_USE)) throw error;
  }
  return known;
}

async function unpacksTo(
  target: ContentStore,
  layer: Descriptor,
  diffId: DiffId,
  options: ReadOptions,
): Promise<boolean> {
  const what = `${target.name}: layer ${layer.digest}`;
  const compression = layerCompression(layer.mediaType)!;
  try {
    await drain(
      decompressLayer(target.fetch(layer, options), compression, diffId, { ...options, what }),
    );
    return true;
  } catch (error) {
    if (isOciError(error, ...NOT_TO_USE)) return false;
    throw error;
  }
}

// SPDX-License-Identifier: MIT
import type { Image } from "../image/image.ts";
import type { OpenImageFilesystemOptions } from "../rootfs/image-filesystem.ts";
import { indexLayers } from "../rootfs/layer-index/image-indexes.ts";
import { groupOf, isGroupedFor } from "./groups/layer-group.ts";
import { measureLayer, type PreviousImage } from "./plan/kept-layers.ts";

export type OpenPreviousImageOptions = OpenImageFilesystemOptions & {
  /** The most layers that the new image may have. */
  readonly maxLayers: number;
};

/** A previous image, or why its layers can't be kept, as one line for people. */
export type PreviousOutcome =
  | { readonly kind: "usable"; readonly previous: PreviousImage }
  | { readonly kind: "unusable"; readonly why: string };

/**
 * Indexes the layers of an image that was rechunked before. One whose layers do not all say which group they hold was
 * not made by rechunking, and none of its layers is kept: a layer of everything would stay for ever.
 * @throws OciError what indexing throws
 */
export async function openPreviousImage(
  image: Image,
  options: OpenPreviousImageOptions,
): Promise<PreviousOutcome> {
  const groups = image.manifest.value.layers.map(groupOf);
  const unknown = groups.filter((group) => group === undefined).length;
  if (unknown > 0) {
    return unusable(
      `${unknown} of its ${groups.length} layers do not say what group they hold: it was not rechunked`,
    );
  }
  const known = groups.flatMap((group) => group ?? []);
  if (!isGroupedFor(options.maxLayers, known)) {
    return unusable("its files are grouped for another number of layers");
  }
  // Layers that are kept are made sure of when they are written.
  const indexes = await indexLayers(image, { ...options, allowMissing: true });
  const layers = groups.map((group, at) => ({
    group: group!,
    descriptor: image.manifest.value.layers[at]!,
    diffId: image.config.value.rootfs.diff_ids[at]!,
    index: indexes[at]!,
    ...measureLayer(indexes[at]!),
  }));
  return { kind: "usable", previous: { image, layers } };
}

function unusable(why: string): PreviousOutcome {
  return { kind: "unusable", why };
}

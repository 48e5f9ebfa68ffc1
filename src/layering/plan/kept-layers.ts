// SPDX-License-Identifier: MIT
import { isOciError } from "../../oci/errors.ts";
import type { Image } from "../../image/image.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { DiffId } from "../../oci/digest.ts";
import { makeImageFilesystem, type ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { RECORD_TYPES, type LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import type { LayerGroup } from "../groups/layer-group.ts";
import { HEADER } from "./file-units.ts";

/** An image that was rechunked before, with what its layers hold. */
export interface PreviousImage {
  readonly image: Image;
  readonly layers: readonly PreviousLayer[];
}

/** A layer of it. */
export interface PreviousLayer {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
  readonly index: LayerIndex;
  readonly group: LayerGroup;
  /** Bytes of a tar with all its entries but directories. */
  readonly bytes: number;
  /** Of these, bytes of whiteouts, which stay in use as long as the layer. */
  readonly removals: number;
}

/** Measures a layer from its index. */
export function measureLayer({ columns, counts }: LayerIndex): {
  readonly bytes: number;
  readonly removals: number;
} {
  const removals = counts.removals * HEADER;
  let bytes = removals;
  for (const [record, type] of columns.type.entries()) {
    if (RECORD_TYPES[type] !== "directory") bytes += HEADER + columns.size[record]!;
  }
  return { bytes, removals };
}

/**
 * The tree of some layers of an image, as if it had no others. Undefined where that is no tree, because a layer links
 * to a file in one that is left out: no image that was made here has such a link.
 */
export function treeOf(
  image: Image,
  layers: readonly PreviousLayer[],
): ImageFilesystem | undefined {
  try {
    return makeImageFilesystem(
      image,
      layers.map(({ index }) => index),
    );
  } catch (error) {
    if (isOciError(error, "invalid-layer", "link-loop")) return undefined;
    throw error;
  }
}

// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import { makeImageFilesystem, type ImageFilesystem } from "../image-filesystem.ts";
import {
  findCachedIndex,
  indexLayers,
  type IndexLayersOptions,
} from "../layer-index/image-indexes.ts";
import type { LayerIndex } from "../layer-index/layer-index.ts";
import { isGrounded } from "./grounded-layer.ts";
import { UndecidedByUpperLayers, viewUpperLayers } from "./upper-layers.ts";

/** Asks a filesystem something. It may be asked again, with more layers, after an error that says so. */
export type Question = (filesystem: ImageFilesystem & { readonly isPartial?: true }) => void;

/**
 * Opens as much of an image as a question needs: layers are read from the top, until those decide what it asks for.
 * Layers that the cache knows are not read, and what is read is kept there.
 * @throws OciError what indexing throws; what `ask` throws
 */
export async function openForQuestion(
  image: Image,
  ask: Question,
  options: IndexLayersOptions = {},
): Promise<ImageFilesystem> {
  const { length } = image.manifest.value.layers;
  const indexes: LayerIndex[] = [];
  for (let layer = length - 1; layer >= 0; layer -= 1) {
    const known = await findCachedIndex(image, layer, options);
    if (known === undefined) {
      const upper = answer(image, indexes, layer + 1, ask, options);
      if (upper !== undefined) return upper;
    }
    const index = known ?? (await indexLayers(image, { ...options, only: [layer] }))[0]!;
    indexes[layer] = index;
    if (isGrounded(index)) continue;
    const rest = await indexLayers(image, { ...options, only: [...Array(layer).keys()] });
    indexes.splice(0, layer, ...rest);
    break;
  }
  return makeImageFilesystem(image, indexes, options);
}

/** The filesystem of the layers from `lowest` on, if the question can be answered from it. */
function answer(
  image: Image,
  indexes: readonly LayerIndex[],
  lowest: number,
  ask: Question,
  options: IndexLayersOptions,
): ImageFilesystem | undefined {
  if (lowest === image.manifest.value.layers.length) return undefined;
  try {
    const view = viewUpperLayers(image, indexes, lowest, options);
    ask(view);
    return view;
  } catch (error) {
    if (error instanceof UndecidedByUpperLayers) return undefined;
    throw error;
  }
}

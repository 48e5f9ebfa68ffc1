// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Image } from "../../image/image.ts";
import {
  makeImageFilesystem,
  type ImageFilesystem,
  type ViewOptions,
} from "../image-filesystem.ts";
import {
  findCachedIndex,
  indexLayers,
  type IndexLayersOptions,
} from "../layer-index/image-indexes.ts";
import type { LayerIndex } from "../layer-index/layer-index.ts";
import { isGrounded } from "./grounded-layer.ts";
import { keepContents } from "./kept-contents.ts";
import { createTables } from "./tables-of-image.ts";
import { UndecidedByUpperLayers, viewUpperLayers } from "./upper-layers.ts";

/** Asks a filesystem something. It may be asked again, with more layers, after an error that says so. */
export type Question = (filesystem: ImageFilesystem & { readonly isPartial?: true }) => void;

export interface OpenForQuestionOptions extends IndexLayersOptions {
  /** Paths of files that will be read: where their layers have to be read to find them, their contents are kept. */
  readonly reads?: readonly ByteString[] | undefined;
}

/**
 * Opens as much of an image as a question needs: layers are read from the top, until those decide what it asks for.
 * Layers that the cache knows are not read, what is read is kept there, and of a layer with a table of contents only
 * that is read. Without a question all layers are opened.
 * @throws OciError what indexing throws; what `ask` throws
 */
export async function openForQuestion(
  image: Image,
  ask: Question | undefined,
  { reads, ...asked }: OpenForQuestionOptions = {},
): Promise<ImageFilesystem> {
  const { layers } = image.manifest.value;
  const kept = reads && keepContents(reads);
  const options = { ...asked, ...(kept && { listenersOf: () => [kept.listener()] }) };
  const tables = createTables(image, options);
  const view: ViewOptions = {
    ...options,
    readByTable: (node, what) => kept?.read(node) ?? tables.read(node, what),
  };
  const indexes: LayerIndex[] = [];
  let isDecidable = ask !== undefined;
  for (let layer = layers.length - 1; layer >= 0; layer -= 1) {
    const known = await findCachedIndex(image, layer, options);
    if (known === undefined && isDecidable) {
      const upper = answer(image, indexes, layer + 1, ask!, view);
      if (upper !== undefined) return upper;
    }
    let index = known ?? (await tables.index(layer));
    if (index === undefined && isDecidable) {
      [index] = await indexLayers(image, { ...options, only: [layer] });
    }
    if (index === undefined) continue;
    indexes[layer] = index;
    isDecidable &&= isGrounded(index);
  }
  const missing = [...layers.keys()].filter((layer) => indexes[layer] === undefined);
  const rest = await indexLayers(image, { ...options, only: missing });
  for (const [at, layer] of missing.entries()) indexes[layer] = rest[at]!;
  return makeImageFilesystem(image, indexes, view);
}

/** The filesystem of the layers from `lowest` on, if the question can be answered from it. */
function answer(
  image: Image,
  indexes: readonly LayerIndex[],
  lowest: number,
  ask: Question,
  options: ViewOptions,
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

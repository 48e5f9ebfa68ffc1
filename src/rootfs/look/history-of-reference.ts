// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import {
  withImage,
  type Named,
  type SourceOptions,
} from "../../image/by-reference/with-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { indexLayers, type IndexLayersOptions } from "../layer-index/image-indexes.ts";
import { listSteps, type ImageStep } from "./image-history.ts";
import { followPath, type PathHistory } from "./path-history.ts";

export type HistoryOptions = SourceOptions & Pick<IndexLayersOptions, "cache" | "onProgress">;

/** How an image was made. */
export interface ImageHistory {
  readonly image: Descriptor;
  readonly steps: readonly ImageStep[];
}

/**
 * The steps of the image that a reference names, as `listSteps` lists them. Layers that the cache knows are
 * not read, and not asked for.
 * @throws OciError what opening and indexing throw
 */
export function historyOfReference(
  reference: Named,
  options: HistoryOptions = {},
): Promise<ImageHistory> {
  return withImage(reference, options, async (image) => {
    const indexes = await indexLayers(image, { allowMissing: true, ...options });
    return { image: image.descriptor, steps: listSteps(image, indexes, options) };
  });
}

/**
 * What the layers of the image that a reference names did to a path, as `followPath` follows it.
 * @throws OciError as {@link historyOfReference} and `followPath`
 */
export function historyOfPath(
  reference: Named,
  path: ByteString,
  options: HistoryOptions = {},
): Promise<PathHistory & { readonly image: Descriptor }> {
  return withImage(reference, options, async (image) => {
    const indexes = await indexLayers(image, { allowMissing: true, ...options });
    return { image: image.descriptor, ...followPath(image, indexes, path, options) };
  });
}

// SPDX-License-Identifier: MIT
import {
  editReference,
  type EditReferenceOptions,
} from "../../image/by-reference/edit-reference.ts";
import type { Named, WrittenTo } from "../../image/by-reference/with-reference.ts";
import type { EditedImages } from "../../image/edit/edit-images.ts";
import type { WriteProgress } from "../../image/edit/write-image.ts";
import { openImageFilesystem } from "../image-filesystem.ts";
import type { IndexProgress } from "../layer-index/image-indexes.ts";
import type { LayerIndexCache } from "../layer-index/index-cache.ts";
import { flattenImage, type FlattenOptions } from "./flatten-image.ts";

export interface FlattenReferenceOptions
  extends Omit<EditReferenceOptions, "onProgress">, FlattenOptions {
  /** Indexes of layers, which then are read only for their contents. */
  readonly cache?: LayerIndexCache | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: WriteProgress | IndexProgress) => void) | undefined;
}

/**
 * Writes the image that a reference means, or each image of an index, to another with one layer in
 * place of all, as `flattenImage` makes it.
 * @throws OciError what opening, indexing and `editImages` throw
 */
export function flattenReference(
  from: Named,
  to: Named,
  options: FlattenReferenceOptions = {},
): Promise<EditedImages & WrittenTo> {
  const { signal, limits, cache, onProgress } = options;
  return editReference(
    from,
    to,
    async (view) => {
      const root = await openImageFilesystem(view.image, { signal, limits, cache, onProgress });
      return flattenImage(view, root, options);
    },
    options,
  );
}

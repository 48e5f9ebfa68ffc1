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
  /** A cache of layer indexes. A layer with a cached index is read only for its file contents. */
  readonly cache?: LayerIndexCache | undefined;
  /** Called synchronously; a returned promise is not awaited. */
  readonly onProgress?: ((event: WriteProgress | IndexProgress) => void) | undefined;
}

/**
 * Writes the image that a reference names, or each image of an index, to another reference with a single
 * layer in place of all its layers, as `flattenImage` makes it.
 * @throws OciError whatever opening the references, indexing and `editImages` throw
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

// SPDX-License-Identifier: MIT
import { editImages, type EditedImages, type ImageEdit } from "../edit/edit-images.ts";
import type { WriteImageOptions } from "../edit/write-image.ts";
import {
  besides,
  rootOf,
  withSource,
  withTarget,
  type Named,
  type SourceOptions,
  type WrittenTo,
} from "./with-reference.ts";

export type EditReferenceOptions = SourceOptions &
  Omit<WriteImageOptions, "tag" | "keepRoot" | "made">;

/**
 * Edits the image that a reference names, or each image of an index, and writes the result to another
 * reference, as `editImages` does between stores.
 * @throws OciError whatever opening the references and `editImages` throw
 */
export function editReference(
  from: Named,
  to: Named,
  edit: ImageEdit,
  options: EditReferenceOptions = {},
): Promise<EditedImages & WrittenTo> {
  return withSource(from, besides(to, options), async (source) => {
    const root = await rootOf(source, options);
    return withTarget(to, options, ({ store, tag }) =>
      editImages(source.store, root, store, edit, { ...options, tag }),
    );
  });
}

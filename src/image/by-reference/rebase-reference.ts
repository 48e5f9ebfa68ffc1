// SPDX-License-Identifier: MIT
import type { EditedImages } from "../edit/edit-images.ts";
import { rebaseImage } from "../edit/rebase-image.ts";
import { formatLocation } from "../location.ts";
import { editReference, type EditReferenceOptions } from "./edit-reference.ts";
import { imageOf, withSource, type Named, type WrittenTo } from "./with-reference.ts";

export interface RebaseReferenceOptions extends EditReferenceOptions {
  /** The exact image or index that the source was built on. */
  readonly oldBase: Named;
  readonly newBase: Named;
}

/**
 * Moves an image, or each image of an index, to the new base for its platform, as `rebaseImage` does.
 * Sets the annotation that names the base if the new base is in a registry.
 * @throws OciError whatever opening the references, `findImage`, `rebaseImage` and `editImages` throw
 */
export function rebaseReference(
  from: Named,
  to: Named,
  options: RebaseReferenceOptions,
): Promise<EditedImages & WrittenTo> {
  return withSource(options.oldBase, options, (oldBase) =>
    withSource(options.newBase, options, (newBase) => {
      const { location } = newBase;
      const name = location.kind === "registry" ? formatLocation(location) : undefined;
      return editReference(
        from,
        to,
        async (view) => {
          const { architecture, os, variant } = view.config.value;
          const reading = { ...options, platform: { architecture, os, variant } };
          const below = await imageOf(oldBase, reading);
          return rebaseImage(view, below, await imageOf(newBase, reading), { name });
        },
        options,
      );
    }),
  );
}

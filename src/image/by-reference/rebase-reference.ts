// SPDX-License-Identifier: MIT
import type { EditedImages } from "../edit/edit-images.ts";
import { rebaseImage } from "../edit/rebase-image.ts";
import { formatLocation } from "../location.ts";
import { editReference, type EditReferenceOptions } from "./edit-reference.ts";
import { imageOf, withSource, type Named, type WrittenTo } from "./with-reference.ts";

export interface RebaseReferenceOptions extends EditReferenceOptions {
  /** The very image, or index, that the source was built on. */
  readonly oldBase: Named;
  readonly newBase: Named;
}

/**
 * Puts an image, or each image of an index, on the new base for its platform, as `rebaseImage` does.
 * The annotation that names the base is set when that is in a registry.
 * @throws OciError what opening, `findImage`, `rebaseImage` and `editImages` throw
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

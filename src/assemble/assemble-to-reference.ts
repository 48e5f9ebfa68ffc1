// SPDX-License-Identifier: MIT
import type { Named } from "../image/by-reference/with-reference.ts";
import { parseLocation } from "../image/location.ts";
import { openPrevious } from "../image/open-previous.ts";
import { findImage } from "../image/find-image.ts";
import { readImage, type Image } from "../image/image.ts";
import { openReference, openTarget, type OpenOptions } from "../image/open-reference.ts";
import { habitsAt } from "../layering/habits-at.ts";
import { assemble, planAssembly } from "./assemble.ts";
import type { AssembleOptions, AssemblePlan, AssembleResult } from "./assemble-options.ts";
import type { Recipe } from "./recipe/recipe.ts";

export type AssembleToOptions = Omit<AssembleOptions, "target" | "tag" | "previous"> &
  OpenOptions & {
    /**
     * The image, or the index with one for the platform, whose layers are kept where the recipe splits a layer. Default:
     * what the target's tag names now. Null keeps none.
     */
    readonly previous?: Named | null | undefined;
  };

/**
 * Assembles an image and writes it to a reference, as `assemble` does to a store. When it fails, no new archive
 * and no new layout stays behind.
 * @throws OciError what opening the target and `assemble` throw
 */
export async function assembleTo(
  recipe: Recipe,
  to: Named,
  options: AssembleToOptions = {},
): Promise<AssembleResult> {
  const layerBytes = mostBytes(to, options);
  return withPrevious(recipe, options, async (previous) => {
    const target = await openTarget(to, options);
    try {
      const { store, tag } = target;
      const result = await assemble(recipe, {
        ...options,
        previous,
        layerBytes,
        target: store,
        tag,
      });
      await target.close();
      return result;
    } catch (error) {
      await target.discard({ whole: true });
      throw error;
    }
  });
}

/**
 * Says what {@link assembleTo} would do. Nothing is written or made, neither an archive nor a layout.
 * @throws OciError what opening and `planAssembly` throw
 */
export async function planAssemblyTo(
  recipe: Recipe,
  to: Named,
  options: AssembleToOptions = {},
): Promise<AssemblePlan> {
  const location = typeof to === "string" ? parseLocation(to) : to;
  const layerBytes = mostBytes(location, options);
  return withPrevious(recipe, options, async (previous) => {
    const there = await openPrevious(location, options);
    try {
      const { store: target, reference: tag } = there ?? {};
      return await planAssembly(recipe, { ...options, previous, layerBytes, target, tag });
    } finally {
      await there?.close();
    }
  });
}

/** What a blob may have at most: what is asked for, or else what the target's registry takes. */
function mostBytes(to: Named, options: AssembleToOptions): number | undefined {
  const location = typeof to === "string" ? parseLocation(to) : to;
  return options.layerBytes ?? habitsAt(location, options)?.blobBytes;
}

/** Gives `use` the previous image that is asked for. One that is named has to be there. */
async function withPrevious<T>(
  { platform }: Recipe,
  options: AssembleToOptions,
  use: (previous: Image | null | undefined) => Promise<T>,
): Promise<T> {
  const { previous } = options;
  if (previous === undefined || previous === null) return use(previous);
  const opened = await openReference(previous, options);
  try {
    const found = await findImage(opened.store, await opened.root(options), platform, options);
    return await use(await readImage(opened.store, found, options));
  } finally {
    await opened.close();
  }
}

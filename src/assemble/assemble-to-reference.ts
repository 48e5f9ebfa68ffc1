// SPDX-License-Identifier: MIT
import type { Named } from "../image/by-reference/with-reference.ts";
import { parseLocation } from "../image/location.ts";
import { openPrevious } from "../image/open-previous.ts";
import { openTarget, type OpenOptions } from "../image/open-reference.ts";
import { assemble, planAssembly } from "./assemble.ts";
import type { AssembleOptions, AssemblePlan, AssembleResult } from "./assemble-options.ts";
import type { Recipe } from "./recipe/recipe.ts";

export type AssembleToOptions = Omit<AssembleOptions, "target" | "tag"> & OpenOptions;

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
  const target = await openTarget(to, options);
  try {
    const result = await assemble(recipe, { ...options, target: target.store, tag: target.tag });
    await target.close();
    return result;
  } catch (error) {
    await target.discard({ whole: true });
    throw error;
  }
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
  const previous = await openPrevious(location, options);
  try {
    const { store: target, reference: tag } = previous ?? {};
    return await planAssembly(recipe, { ...options, target, tag });
  } finally {
    await previous?.close();
  }
}

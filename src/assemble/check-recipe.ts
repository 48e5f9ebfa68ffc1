// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type { PlanOptions } from "./assemble-options.ts";
import type { Recipe } from "./recipe/recipe.ts";

/** Docker's storage takes 127, and an image is built on. */
const MOST_LAYERS = 120;

/**
 * Checks what is wrong with a recipe whatever its inputs are.
 * @throws OciError `invalid-recipe`; `invalid-argument` for a previous image that nothing would be kept of
 */
export function checkRecipe(recipe: Recipe, { previous }: PlanOptions): void {
  const splits = recipe.layers.flatMap(({ name, split }) => (split ? [{ name, split }] : []));
  if (previous !== undefined && splits.length === 0) {
    throw new OciError(
      "invalid-argument",
      "previous: expected a recipe with a layer that is split, got none",
      {
        hint: "Only such layers depend on a previous image: leave out --previous and --no-previous.",
      },
    );
  }
  for (const { name, split } of splits) {
    const { layers = MOST_LAYERS } = split;
    if (Number.isInteger(layers) && layers >= 2 && layers <= MOST_LAYERS) continue;
    throw new OciError(
      "invalid-recipe",
      `layer ${name}: split: expected 2 to ${MOST_LAYERS} layers, got ${layers}`,
    );
  }
  if (!Object.hasOwn(recipe.artifacts, "base")) return;
  throw new OciError("invalid-recipe", 'artifacts: expected another name than "base"', {
    hint: "The image below is called base.",
  });
}

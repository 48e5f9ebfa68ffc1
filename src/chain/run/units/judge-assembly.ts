// SPDX-License-Identifier: MIT
import { type AssembleToOptions, planAssemblyTo } from "../../../assemble/assemble-to-reference.ts";
import type { Recipe } from "../../../assemble/recipe/recipe.ts";
import type { Digest } from "../../../oci/digest.ts";
import { isOciError } from "../../../oci/errors.ts";
import type { StageUnit } from "../../graph/stage-graph.ts";
import { layoutOf } from "../../graph/unit-layout.ts";
import { openLayoutImages } from "../../images/image-source.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import type { ChainPlaceOptions, RecipeOptions } from "../place/run-options.ts";
import { pinnedRecipe } from "./pinned-recipe.ts";

/** What looks at a unit that is assembled. */
export type JudgeAssemblyOptions = ChainPlaceOptions &
  RecipeOptions & { readonly noCache?: boolean | undefined };

/** What becomes of a unit that is assembled. `pushed`: its layout holds what would be assembled. */
export type AssemblyJudgement =
  | { readonly how: "kept" | "pushed"; readonly digest: Digest; readonly reason: string }
  | { readonly how: "assembled"; readonly reason: string };

/**
 * Judges what becomes of a unit, of what all architectures of its generation are made of. No layer is read.
 * @throws as `planAssemblyTo` and `resolvePin`
 */
export async function judgeAssembly(
  unit: StageUnit,
  place: ChainPlace,
  options: JudgeAssemblyOptions,
): Promise<AssemblyJudgement> {
  if (options.noCache === true) return { how: "assembled", reason: "--no-cache" };
  const recipe = await pinnedRecipe(unit, place, options);
  const how = await assemblyOptions(unit, place, options);
  const published = await keptImage(unit, recipe, place, how);
  if (published !== undefined) {
    return { how: "kept", digest: published, reason: "its recipe and inputs are the same" };
  }
  const [layout, saved] = [layoutOf(unit, options), openLayoutImages(options, options)];
  const image = await saved.image(unit);
  if (image.state === "present" && (await isSame(recipe, `oci:${layout}`, how))) {
    return {
      how: place.images.kind === "registry" ? "pushed" : "kept",
      digest: image.digest,
      reason: "its recipe and inputs are the same as in its layout",
    };
  }
  const now = await place.images.image(unit);
  const reason =
    now.state === "absent" ? `${unit.tag} is not there` : "its recipe or inputs changed";
  return { how: "assembled", reason };
}

/** What is published, if nothing would be made anew. */
export async function keptImage(
  unit: StageUnit,
  recipe: Recipe,
  place: ChainPlace,
  how: AssembleToOptions,
): Promise<Digest | undefined> {
  if (place.images.kind === "layout" || unit.reference === undefined) return undefined;
  const now = await place.images.image(unit);
  if (now.state !== "present") return undefined;
  return (await isSame(recipe, unit.reference, how)) ? now.digest : undefined;
}

async function isSame(recipe: Recipe, target: string, how: AssembleToOptions): Promise<boolean> {
  return !(await planAssemblyTo(recipe, target, how)).changed;
}

/** How a unit is assembled: with the recipes of all architectures of its generation, as far as they are known. */
export async function assemblyOptions(
  unit: StageUnit,
  place: ChainPlace,
  options: JudgeAssemblyOptions,
): Promise<AssembleToOptions> {
  const { cache, registry, limits, signal, spoolDirectory, onSpool, compression } = options;
  const siblings = place.graph.units.filter(({ stage }) => stage === unit.stage);
  const generation: Recipe[] = [];
  for (const sibling of siblings) {
    const recipe = await ifThere(() => pinnedRecipe(sibling, place, options));
    if (recipe !== undefined) generation.push(recipe);
  }
  const reach = { cache, registry, limits, signal, spoolDirectory, onSpool };
  return { ...reach, ...compression, generation };
}

/** An architecture whose parents are not there yet is no part of the generation. */
async function ifThere(make: () => Promise<Recipe>): Promise<Recipe | undefined> {
  try {
    return await make();
  } catch (error) {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  }
}

// SPDX-License-Identifier: MIT
import type { Recipe } from "./recipe.ts";
import type { AssembleOptions, AssemblePlan, AssembleResult, InputOptions } from "./result.ts";

/**
 * Makes the image of a recipe in the target, layer by layer, straight from its inputs: no temporary tree, no root.
 * The same recipe and inputs give the same diffIDs on any machine. Atomic: the tag names the old image
 * until the new one is complete. When nothing changed since the last run, nothing is done.
 * @throws OciError `invalid-recipe`, `missing-input`, `wrong-architecture`, and what the stores throw
 */
export declare function assemble(recipe: Recipe, options: AssembleOptions): Promise<AssembleResult>;

/** What {@link assemble} would put into each layer, from the inputs' trees alone: nothing is written. */
export declare function planAssembly(recipe: Recipe, options?: InputOptions): Promise<AssemblePlan>;

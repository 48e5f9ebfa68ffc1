// SPDX-License-Identifier: MIT
import { planAssemblyTo } from "../../../assemble/assemble-to-reference.ts";
import { isOciError } from "../../../oci/errors.ts";
import type { StageUnit } from "../../graph/stage-graph.ts";
import { layoutOf } from "../../graph/unit-layout.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import type { ChainPlaceOptions, RecipeOptions } from "../place/run-options.ts";
import { pinnedRecipe } from "./assemble-unit.ts";

/**
 * Why a unit would be assembled anew, of what all architectures of its generation are made of; none when it would be
 * kept. No layer is read.
 * @throws as `planAssemblyTo` and `resolvePin`
 */
export async function assemblyReasons(
  unit: StageUnit,
  place: ChainPlace,
  options: ChainPlaceOptions & RecipeOptions,
): Promise<readonly string[]> {
  const { cache, registry, limits, signal } = options;
  const siblings = place.graph.units.filter(({ stage }) => stage === unit.stage);
  const generation = await Promise.all(siblings.map((one) => pinnedRecipe(one, place, options)));
  const recipe = generation[siblings.indexOf(unit)]!;
  const target =
    place.images.kind === "registry" ? unit.reference! : `oci:${layoutOf(unit, options)}`;
  const how = { cache, registry, limits, signal, generation };
  try {
    const { changed } = await planAssemblyTo(recipe, target, how);
    return changed ? ["its recipe or inputs changed, or it is not there"] : [];
  } catch (error) {
    if (isOciError(error, "not-found")) return [error.message];
    throw error;
  }
}

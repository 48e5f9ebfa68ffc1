// SPDX-License-Identifier: MIT
import type { Artifact, Recipe } from "../../../assemble/recipe/recipe.ts";
import { OciError } from "../../../oci/errors.ts";
import { type StageUnit, unitOf } from "../../graph/stage-graph.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import type { RecipeOptions } from "../place/run-options.ts";

/**
 * The recipe of a unit, its base and artifacts replaced by the digests of what the graph says.
 * @throws OciError `invalid-recipe` for an input that the recipe does not have; `not-found` as `resolvePin`
 */
export async function pinnedRecipe(
  unit: StageUnit,
  place: ChainPlace,
  options: RecipeOptions,
): Promise<Recipe> {
  const recipe = options.recipe(unit.architecture ?? "");
  const pins = await place.pins(unit);
  let { base } = recipe;
  const artifacts: Record<string, Artifact> = { ...recipe.artifacts };
  for (const { name, unit: id } of unit.inputs) {
    const reference = place.images.reference(unitOf(place.graph, id), pins[name]!);
    if (name === "base") {
      base = { ...(base === "scratch" ? {} : base), reference };
      continue;
    }
    const artifact = name === "parent" ? (recipe.provenance?.parent ?? name) : name;
    const before = artifacts[artifact];
    if (before === undefined) throw noArtifact(unit, artifact, Object.keys(artifacts));
    artifacts[artifact] = "reference" in before ? { ...before, reference } : { reference };
  }
  return { ...recipe, base, artifacts };
}

function noArtifact({ stage }: StageUnit, name: string, known: readonly string[]): OciError {
  return new OciError(
    "invalid-recipe",
    `stage ${stage}: expected ${known.join(" or ") || "an artifact"} of the recipe for its input, got ${name}`,
    { hint: "The parent of a recipe is the artifact that provenance.parent names." },
  );
}

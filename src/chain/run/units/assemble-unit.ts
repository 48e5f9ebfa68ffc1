// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import { assembleTo } from "../../../assemble/assemble-to-reference.ts";
import type { Recipe } from "../../../assemble/recipe/recipe.ts";
import { OciError } from "../../../oci/errors.ts";
import { publishImage } from "../../../publish/publish-image.ts";
import { architectureName } from "../../graph/built-in-variables.ts";
import type { StageUnit } from "../../graph/stage-graph.ts";
import type { RunOptions } from "../place/run-options.ts";
import type { MadeUnit } from "../place/unit-end.ts";
import { assemblyOptions, keptImage } from "./judge-assembly.ts";
import { pinnedRecipe } from "./pinned-recipe.ts";
import type { UnitWork } from "./unit-work.ts";

/**
 * Makes a unit by its recipe, as `oci-kit assemble` does, of the digests that the graph says. The run id follows from the
 * recipes and inputs of all architectures, so that a run which makes only some arrives at the same generation.
 * @throws what `assembleTo` and `publishImage` throw
 */
export async function assembleUnit(unit: StageUnit, work: UnitWork): Promise<MadeUnit> {
  const { place, options } = work;
  const pins = await place.pins(unit);
  const recipe = await pinnedRecipe(unit, place, options);
  const how = await assemblyOptions(unit, place, options);
  const kept = options.noCache ? undefined : await keptImage(unit, recipe, place, how);
  if (kept !== undefined) {
    return { word: "kept", digest: kept, reasons: ["its recipe and inputs are the same"], pins };
  }
  const layout = layoutOf(unit, options);
  const { changed, descriptor, warnings } = await assembleTo(recipe, `oci:${layout}`, {
    ...how,
    force: options.noCache,
    onProgress: (event) => work.tell({ kind: "assembling", unit: unit.id, event }),
  });
  for (const { message } of warnings) work.tell({ kind: "warning", unit: unit.id, message });
  const { digest } = descriptor;
  if (place.images.kind === "registry") await push(unit, `oci:${layout}`, recipe, work);
  const isPushed = place.images.kind === "registry";
  if (changed)
    return { word: "assembled", digest, reasons: ["its recipe or inputs changed"], pins };
  const reasons = ["its recipe and inputs are the same as in its layout"];
  return { word: isPushed ? "pushed" : "kept", digest, reasons, pins };
}

function layoutOf({ layout, id }: StageUnit, { directory }: RunOptions): string {
  if (layout === undefined) throw new RangeError(`${id}: a recipe has an output`);
  return resolve(directory, layout);
}

/** Pushes it behind the gates that one image can be asked. */
async function push(
  unit: StageUnit,
  layout: string,
  recipe: Recipe,
  { options, place, tell }: UnitWork,
): Promise<void> {
  const ending = `-${architectureName(unit.platform)}`;
  const { repository } = place.graph;
  if (repository === undefined || !unit.tag.endsWith(ending)) {
    throw new OciError(
      "invalid-recipe",
      `stage ${unit.stage}: expected a tag that ends with ${ending}, got ${unit.tag}`,
    );
  }
  const { cache, registry, limits, signal, keys, force, verify } = options;
  await publishImage(layout, repository, {
    tag: unit.tag.slice(0, -ending.length),
    ...{ registry, limits, signal, keys, force, verify },
    recipes: [recipe],
    inputs: { cache, registry, limits, signal },
    onProgress: (event) => tell({ kind: "pushing", unit: unit.id, event }),
  });
}

// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import { assembleTo, planAssemblyTo } from "../../../assemble/assemble-to-reference.ts";
import type { Artifact, Recipe } from "../../../assemble/recipe/recipe.ts";
import { isOciError, OciError } from "../../../oci/errors.ts";
import { publishImage } from "../../../publish/publish-image.ts";
import { architectureName } from "../../graph/built-in-variables.ts";
import { type StageUnit, unitOf } from "../../graph/stage-graph.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import type { RunOptions } from "../place/run-options.ts";
import type { MadeUnit } from "../place/unit-end.ts";
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
  const kept = await keptImage(unit, recipe, place, options);
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

/** What is published, if nothing would be made anew. */
async function keptImage(
  unit: StageUnit,
  recipe: Recipe,
  place: ChainPlace,
  options: RunOptions,
): Promise<MadeUnit["digest"] | undefined> {
  if (options.noCache || place.images.kind === "layout") return undefined;
  const now = await place.images.image(unit);
  if (now.state !== "present" || unit.reference === undefined) return undefined;
  const how = await assemblyOptions(unit, place, options);
  const { changed } = await planAssemblyTo(recipe, unit.reference, how);
  return changed ? undefined : now.digest;
}

async function assemblyOptions(unit: StageUnit, place: ChainPlace, options: RunOptions) {
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

/**
 * The recipe of a unit, its base and artifacts replaced by the digests of what the graph says.
 * @throws OciError `invalid-recipe` for an input that the recipe does not have; `not-found` as `resolvePin`
 */
export async function pinnedRecipe(
  unit: StageUnit,
  place: ChainPlace,
  options: Pick<RunOptions, "recipe">,
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

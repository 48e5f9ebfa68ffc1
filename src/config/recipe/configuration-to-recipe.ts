// SPDX-License-Identifier: MIT
import type { Artifact, LayerRecipe, Recipe, Split } from "../../assemble/recipe/recipe.ts";
import { parsePlatform } from "../../oci/platform.ts";
import type { Configuration, KeyPath } from "../configuration.ts";
import { type Expander, createExpander } from "../expand-variables.ts";
import { artifactsOf, baseOf } from "./inputs-to-recipe.ts";
import type { ConfigurationDocument } from "../schema.ts";
import { settingsOf } from "./settings-to-recipe.ts";
import { stepOf } from "./step-to-recipe.ts";

/**
 * Makes the recipe of one architecture. All variables are expanded, except in `config.env`, whose values may
 * use the environment of the base. Steps for other architectures are left out, and paths are absolute.
 * @throws OciError `invalid-argument` for an architecture that the configuration does not list;
 * `invalid-recipe` naming line and key
 */
export function configurationToRecipe(configuration: Configuration, architecture: string): Recipe {
  const expander = createExpander(configuration, architecture);
  const { config = {}, annotations, provenance, ...document } = configuration.document;
  const artifacts = artifactsOf(configuration, expander);
  return {
    platform: parsePlatform(architecture),
    base: baseOf(configuration, expander),
    artifacts,
    layers: layersOf(document.layers ?? [], artifacts, expander),
    config: settingsOf(config, expander),
    variables: expander.variables,
    annotations: annotations && expander.expandMap(annotations, ["annotations"]),
    provenance: provenance && {
      ...provenance,
      parentStage:
        provenance.parentStage &&
        expander.expand(provenance.parentStage, ["provenance", "parentStage"]),
    },
  };
}

function layersOf(
  layers: NonNullable<ConfigurationDocument["layers"]>,
  artifacts: Readonly<Record<string, Artifact>>,
  expander: Expander,
): LayerRecipe[] {
  return layers.flatMap(({ name, arch, split, steps }, at) => {
    const path: KeyPath = ["layers", at];
    if (!expander.applies(arch, path)) return [];
    const taken = steps.flatMap((step, index) => {
      const place = [...path, "steps", index];
      return expander.applies(step.arch, place) ? stepOf(step, place, artifacts, expander) : [];
    });
    return { name, steps: taken, split: splitOf(split, [...path, "split"], expander) };
  });
}

function splitOf(
  split: NonNullable<ConfigurationDocument["layers"]>[number]["split"],
  place: KeyPath,
  expander: Expander,
): Split | undefined {
  if (split === undefined || split === true) return split && {};
  const components = Object.entries(split.components ?? {}).map(([name, paths]) => ({
    name,
    paths: paths.map((path, at) => expander.expand(path, [...place, "components", name, at])),
  }));
  return { layers: split.layers, components };
}

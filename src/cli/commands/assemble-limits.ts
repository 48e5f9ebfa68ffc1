// SPDX-License-Identifier: MIT
import type { AssemblePlan, LayerAction } from "../../assemble/assemble-options.ts";
import type { Recipe } from "../../assemble/recipe/recipe.ts";
import { brokenLimits, type LimitsOfTarget } from "../../layering/broken-limits.ts";
import { RECHUNK_DEFAULTS } from "../../layering/rechunk-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";

type PlannedLayer = {
  readonly action?: LayerAction | undefined;
  readonly descriptor?: Descriptor | undefined;
};

/** What a planned image breaks: limits of the registry that it is for, and the most layers of each that is split. */
export function limitsOf(
  { base = [], layers }: AssemblePlan,
  recipe: Recipe,
  target: Omit<LimitsOfTarget, "maxLayers">,
): string[] {
  const ofRegistry = brokenLimits({ layers: kindsOf([...base, ...layers]) }, target);
  const ofRows = recipe.layers.flatMap(({ name, split }) => {
    if (split === undefined) return [];
    const own = layers.filter((layer) => layer.name === name);
    const maxLayers = split.layers ?? RECHUNK_DEFAULTS.maxLayers;
    const broken = brokenLimits({ layers: kindsOf(own) }, { habits: undefined, maxLayers });
    return broken.map((limit) => `${name}: ${limit}`);
  });
  return [...ofRows, ...ofRegistry];
}

function kindsOf(layers: readonly PlannedLayer[]): Parameters<typeof brokenLimits>[0]["layers"] {
  return layers.flatMap(({ action, descriptor }) => {
    if (descriptor === undefined) return [];
    return { kind: action === "new" || action === "sent" ? "new" : "kept", descriptor };
  });
}

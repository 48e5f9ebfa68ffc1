// SPDX-License-Identifier: MIT
import type { Recipe } from "../../../assemble/recipe/recipe.ts";
import { publishIndex } from "../../../publish/publish-index.ts";
import { type StageUnit, unitOf } from "../../graph/stage-graph.ts";
import { layoutOf } from "../../graph/unit-layout.ts";
import { resolvePin } from "../../pins/resolve-pin.ts";
import type { MadeUnit } from "../place/unit-end.ts";
import { pinnedRecipe } from "./pinned-recipe.ts";
import type { UnitWork } from "./unit-work.ts";

/**
 * Joins the images of an index behind all gates, as `oci-kit manifest push` does; without a registry into a layout.
 * @throws OciError `gate-refused`; what `publishIndex` throws
 */
export async function joinUnit(unit: StageUnit, work: UnitWork): Promise<MadeUnit> {
  const { place, options, tell } = work;
  const { cache, registry, limits, signal, keys, force, verify } = options;
  const members = unit.inputs.map((input) => unitOf(place.graph, input.unit));
  const digests = await Promise.all(
    members.map(async (member) => place.made.get(member.id) ?? (await pinned(member, work))),
  );
  const recipes: Recipe[] = [];
  for (const member of members) {
    if (member.kind === "recipe") recipes.push(await pinnedRecipe(member, place, options));
  }
  const target =
    place.images.kind === "registry"
      ? unit.reference!
      : `oci:${layoutOf(unit, options)}:${unit.tag}`;
  const { pushed } = await publishIndex(target, {
    from: members.map((member, at) => place.images.reference(member, digests[at]!)),
    architectures: members.flatMap(({ architecture }) => architecture ?? []),
    aliases: unit.aliases,
    ...{ registry, limits, signal, keys, force, verify, recipes },
    inputs: { cache, registry, limits, signal },
    onLeftOut: ({ name, reason }) =>
      tell({ kind: "warning", unit: unit.id, message: `left out ${name}: ${reason}` }),
    onProgress: (event) => tell({ kind: "pushing", unit: unit.id, event }),
  });
  const { digest } = pushed!.index;
  const pins = Object.fromEntries(members.map(({ id }, at) => [id, digests[at]!]));
  const overridden = pushed!.overridden.map(
    ({ gate, message }) => `overridden by --force ${gate}: ${message}`,
  );
  return pushed!.changed
    ? { word: "joined", digest, reasons: ["its images changed", ...overridden], pins }
    : { word: "kept", digest, reasons: ["it holds these images", ...overridden], pins };
}

async function pinned(unit: StageUnit, { place }: UnitWork): Promise<MadeUnit["digest"]> {
  return (await resolvePin(unit, place.images)).digest;
}

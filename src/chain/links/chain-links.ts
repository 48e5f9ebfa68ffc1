// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";
import type { StageGraph, StageUnit } from "../graph/stage-graph.ts";
import type { ProvenanceKeys } from "../images/provenance-keys.ts";

/** One image made from another. */
export interface ChainLink {
  /** `compiler->sdk-arm64` */
  readonly id: string;
  readonly parent: StageUnit;
  readonly child: StageUnit;
  /** The record of the child that has the parent's digest. Undefined: the child is an index, which holds the parent. */
  readonly key: string | undefined;
}

/** All links between these units, in their order. A unit outside them may still be a parent. */
export function linksOf(
  graph: StageGraph,
  units: readonly StageUnit[],
  keys: ProvenanceKeys,
): readonly ChainLink[] {
  const byId = new Map(graph.units.map((unit) => [unit.id, unit]));
  return units.flatMap((child) =>
    child.inputs.flatMap(({ name, unit }): ChainLink[] => {
      const parent = byId.get(unit);
      if (parent === undefined) return [];
      const key = child.kind === "index" ? undefined : keyOf(child, name, keys);
      return [{ id: `${parent.id}->${child.id}`, parent, child, key }];
    }),
  );
}

function keyOf(child: StageUnit, name: string, keys: ProvenanceKeys): string {
  if (name === "parent") return keys.parentDigest;
  return child.kind === "recipe" && name === "base"
    ? AnnotationKey.baseDigest
    : AnnotationKey.input + name;
}

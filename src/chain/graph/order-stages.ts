// SPDX-License-Identifier: MIT
import type { ChainDeclaration, StageDeclaration } from "./declaration.ts";

/** The stages of one variant, each with the parent that it has there. In the order of the declaration. */
export function stagesOf(
  { stages, variants }: ChainDeclaration,
  variant: string | undefined,
): readonly StageDeclaration[] {
  const parents = variant === undefined ? {} : (variants[variant]?.parents ?? {});
  return stages
    .filter((stage) => stage.variant === undefined || stage.variant === variant)
    .map((stage) =>
      Object.hasOwn(parents, stage.name) ? { ...stage, parent: parents[stage.name] } : stage,
    );
}

/** The names of everything that a stage is made from, the parent first. */
export function stageInputs({ parent, inputs = {} }: StageDeclaration): readonly string[] {
  return [...(parent === undefined ? [] : [parent]), ...Object.values(inputs)];
}

/** Stages in an order in which each comes after what it is made from, or a circle among them. */
export type StageOrder =
  | { readonly stages: readonly StageDeclaration[] }
  /** The names around the circle; the first is repeated at the end. */
  | { readonly circle: readonly string[] };

/**
 * Orders stages by what they are made from; where that leaves a choice, as they are declared. Inputs that are
 * no stages don't count.
 */
export function orderStages(stages: readonly StageDeclaration[]): StageOrder {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const done = new Set<string>();
  const ordered: StageDeclaration[] = [];
  const visit = (stage: StageDeclaration, way: readonly string[]): readonly string[] => {
    if (done.has(stage.name)) return [];
    const before = way.indexOf(stage.name);
    if (before >= 0) return [...way.slice(before), stage.name];
    for (const name of stageInputs(stage)) {
      const input = byName.get(name);
      const circle = input === undefined ? [] : visit(input, [...way, stage.name]);
      if (circle.length > 0) return circle;
    }
    done.add(stage.name);
    ordered.push(stage);
    return [];
  };
  for (const stage of stages) {
    const circle = visit(stage, []);
    if (circle.length > 0) return { circle };
  }
  return { stages: ordered };
}

// SPDX-License-Identifier: MIT
import type { PagePrograms } from "../html/page-data.ts";

/** The objects that a program loads, and who needs whom, by the numbers of the objects in `objects`. */
export interface Closure {
  /** The program first. */
  readonly objects: readonly number[];
  readonly edges: readonly Edge[];
}

export type Edge = readonly [from: number, to: number];

/** All that a program loads, breadth first. */
export function closureOf({ needs }: PagePrograms, program: number): Closure {
  const objects = new Set([program]);
  const edges: Edge[] = [];
  for (const from of objects) {
    for (const to of needs[from] ?? []) {
      objects.add(to);
      edges.push([from, to]);
    }
  }
  return { objects: [...objects], edges };
}

/**
 * Leaves out every edge whose end can be reached without it, so that the drawing shows what each object adds.
 * What can be reached stays the same, also where objects need each other in a circle.
 */
export function withoutImplied(edges: readonly Edge[]): readonly Edge[] {
  const next = new Map<number, Set<number>>();
  for (const [from, to] of edges) next.set(from, (next.get(from) ?? new Set()).add(to));
  for (const [from, to] of edges) {
    const direct = next.get(from)!;
    direct.delete(to);
    if (!canReach(next, from, to)) direct.add(to);
  }
  return edges.filter(([from, to]) => next.get(from)?.has(to) === true);
}

function canReach(
  next: ReadonlyMap<number, ReadonlySet<number>>,
  from: number,
  to: number,
): boolean {
  const seen = new Set([from]);
  for (const at of seen) {
    for (const one of next.get(at) ?? []) {
      if (one === to) return true;
      seen.add(one);
    }
  }
  return false;
}

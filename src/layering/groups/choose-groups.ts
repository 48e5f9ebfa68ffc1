// SPDX-License-Identifier: MIT
import { componentGroup, formatGroup, sharedGroup, type LayerGroup } from "./layer-group.ts";

/** Says which group a component belongs to. */
export type Grouping = (component: string) => LayerGroup;

/** How many layers an image may have, and what of that is for what. */
export interface LayerBudget {
  /** All layers. */
  readonly most: number;
  /** Layers of groups; the others are for differences. */
  readonly groups: number;
  /** Groups that small components share. */
  readonly shared: number;
}

/**
 * Divides a number of layers, at least 2: a fifth is for the differences of later updates, and of the rest a third is
 * shared. Measured with 807 packages and 43 of them updated, that sends 1.01 of what changed.
 */
export function budgetOf(most: number): LayerBudget {
  const groups = most - Math.max(1, Math.floor(most / 5));
  return { most, groups, shared: Math.max(1, Math.ceil(groups / 3)) };
}

/** A smaller component is not worth a layer for itself: a request each, for every pull. */
const ALONE = 1024 * 1024;
/** One that comes into an image that has its groups already needs to be larger. */
const ALONE_LATER = 8 * 1024 * 1024;

/**
 * Groups the components of an image that has no groups yet: the largest get one for themselves. What is chosen is
 * recorded in the layers' annotations, and kept by {@link keepGroups}.
 * @param sizes bytes of each component
 */
export function chooseGroups(sizes: ReadonlyMap<string, number>, budget: LayerBudget): Grouping {
  const alone = largest(sizes, ALONE, budget.groups - budget.shared);
  return groupingOf(alone, budget.shared);
}

/**
 * Groups components as an earlier image has them. One that is not known there gets a group for itself if much of it
 * is new and there is room; otherwise it shares the group that its name leads to.
 * @param recorded the groups of the earlier image's layers
 * @param sizes bytes that are new, of each component
 * @param room how many groups may be added; `shared` is how many share, where the earlier image does not say
 */
export function keepGroups(
  recorded: readonly LayerGroup[],
  sizes: ReadonlyMap<string, number>,
  { room, shared }: { readonly room: number; readonly shared: number },
): Grouping {
  const alone = new Set(
    recorded.filter(({ kind }) => kind === "component").map((group) => formatGroup(group)),
  );
  const unknown = new Map(
    [...sizes].filter(([name]) => !alone.has(formatGroup(componentGroup(name)))),
  );
  for (const added of largest(unknown, ALONE_LATER, Math.max(0, room))) alone.add(added);
  return groupingOf(alone, sharedIn(recorded) ?? shared);
}

/** Among how many groups small components are divided, if the recorded groups say so, and all say the same. */
export function sharedIn(recorded: readonly LayerGroup[]): number | undefined {
  const counts = new Set(recorded.flatMap((group) => (group.kind === "shared" ? [group.of] : [])));
  return counts.size === 1 ? [...counts][0] : undefined;
}

function largest(sizes: ReadonlyMap<string, number>, atLeast: number, most: number): Set<string> {
  const candidates = [...sizes].filter(([, bytes]) => bytes >= atLeast);
  candidates.sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  return new Set(candidates.slice(0, most).map(([name]) => formatGroup(componentGroup(name))));
}

function groupingOf(alone: ReadonlySet<string>, shared: number): Grouping {
  const known = new Map<string, LayerGroup>();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const own = componentGroup(name);
    const group = alone.has(formatGroup(own)) ? own : sharedGroup(name, shared);
    known.set(name, group);
    return group;
  };
}

// SPDX-License-Identifier: MIT
import type { Component } from "../components/component.ts";
import {
  componentGroup,
  formatGroup,
  isShared,
  sharedGroup,
  sourceGroup,
  type LayerGroup,
} from "./layer-group.ts";

/** Says which group a component belongs to. */
export type Grouping = (component: Component) => LayerGroup;

/** Bytes of each component. */
export type ComponentSizes = ReadonlyMap<Component, number>;

/**
 * How many layers of at most `most` (at least 2) are for groups; the others are for the differences of later updates,
 * the smallest of which are joined, and sent again, when they are too many. Reckoned for the sets of {@link chooseGroups},
 * updated in ten parts: with a tenth for differences 1.03 of what changed is sent, with a fifteenth 1.05.
 */
export function groupsIn(most: number): number {
  return most - Math.max(1, Math.floor(most / 10));
}

/** A smaller component is not worth a layer for itself, nor is a smaller shared layer: a request each, for every pull. */
const WORTH_A_LAYER = 1024 * 1024;
/** In a small image less is worth one: this share of it, and not less than {@link LEAST}. */
const SHARE = 1 / 256;
const LEAST = 16 * 1024;
/** Among how many layers, at most, small components are divided where an earlier image had none. */
const SHARED_OTHERWISE = 4;
/** One that comes into an image that has its groups already needs to be larger. */
const ALONE_LATER = 8 * 1024 * 1024;

/** A package of this share of an image has a layer of its own; what is smaller, with the others of its source. */
const APART = 1 / 100;

/** What is alone is at least a fourth as large as a layer would be that the smaller ones share. */
const PART = 4;

/**
 * Groups the components of an image that has no groups yet. Packages that are small have one group with the others of
 * their source; of what results, the largest get a layer for themselves ({@link PART}). So few bytes are sent and dead
 * when any of them changes. What is chosen is recorded in the layers' annotations, and kept by {@link keepGroups}.
 *
 * Reckoned from the files of 16 sets of 60 to 845 of Debian's packages and their updates, what is sent of what changed, on
 * average: 1.09 where packages are one component each, 1.06 by source and size, 1.03 with what is compiled apart, 1.02 with
 * both; 1.4, 1.3, 1.01 and 1.02 where most of what changed is small. With an eighth instead of a fourth it is the same, and 6 %
 * more for a made-up image whose packages are of all sizes; with a half 2 % more.
 * @param groups how many there may be
 */
export function chooseGroups(sizes: ComponentSizes, groups: number): Grouping {
  const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const worth = Math.min(WORTH_A_LAYER, Math.max(LEAST, total * SHARE));
  const alone = new Set<string>();
  let rest = total;
  for (const [group, bytes] of largestFirst(sizes, total * APART)) {
    const shared = groups - alone.size;
    if (shared <= 1 || bytes < worth || bytes < rest / (PART * shared)) break;
    alone.add(group);
    rest -= bytes;
  }
  const most = Math.max(1, groups - alone.size);
  return groupingOf(alone, Math.min(most, Math.max(1, Math.ceil(rest / worth))));
}

/**
 * Groups components as an earlier image has them. One that has no group of its own there gets one if much of it is new and
 * there is room beside all groups of that image, whether their layers are kept or written anew; otherwise it shares the
 * group that its name leads to.
 * @param recorded the groups of the earlier image's layers
 * @param sizes of what is new of each component
 * @param groups how many groups there may be
 */
export function keepGroups(
  recorded: readonly LayerGroup[],
  sizes: ComponentSizes,
  groups: number,
): Grouping {
  const alone = new Set(
    recorded.filter((group) => !isShared(group)).map((group) => formatGroup(group)),
  );
  const shared = sharedIn(recorded) ?? Math.min(SHARED_OTHERWISE, Math.max(1, groups - alone.size));
  const unknown = largestFirst(sizes, ALONE_LATER)
    .filter(([group, bytes]) => bytes >= ALONE_LATER && !alone.has(group))
    .map(([group]) => group);
  const room = Math.max(0, groups - shared - alone.size);
  for (const added of unknown.slice(0, room)) alone.add(added);
  return groupingOf(alone, shared);
}

/** Among how many groups small components are divided, if the recorded groups say so, and all say the same. */
export function sharedIn(recorded: readonly LayerGroup[]): number | undefined {
  const counts = new Set(recorded.flatMap((group) => (group.kind === "shared" ? [group.of] : [])));
  return counts.size === 1 ? [...counts][0] : undefined;
}

/** The groups that components could have, if none shared a layer with anything but what is small of its source. */
function largestFirst(sizes: ComponentSizes, apart: number): [group: string, bytes: number][] {
  const found = new Map<string, number>();
  for (const [component, bytes] of sizes) {
    const own = bytes >= apart ? componentGroup(component.name) : smallGroup(component);
    const group = formatGroup(own);
    found.set(group, (found.get(group) ?? 0) + bytes);
  }
  return [...found].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
}

/** The group of what is small of a source; of a component that has none, its own. */
function smallGroup({ name, source }: Pick<Component, "name" | "source">): LayerGroup {
  return source === undefined ? componentGroup(name) : sourceGroup(source);
}

function groupingOf(alone: ReadonlySet<string>, shared: number): Grouping {
  const known = new Map<Component, LayerGroup>();
  return (component) => {
    const found = known.get(component);
    if (found !== undefined) return found;
    const { beside } = component;
    const own = [component, ...(beside === undefined ? [] : [beside])].flatMap((each) => [
      componentGroup(each.name),
      smallGroup(each),
    ]);
    const group =
      own.find((each) => alone.has(formatGroup(each))) ??
      sharedGroup(component.source ?? component.name, shared);
    known.set(component, group);
    return group;
  };
}

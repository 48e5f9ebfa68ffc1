// SPDX-License-Identifier: MIT
import { componentGroup, formatGroup, sharedGroup, type LayerGroup } from "./layer-group.ts";

/** Says which group a component belongs to. */
export type Grouping = (component: string) => LayerGroup;

/**
 * How many layers of at most `most` (at least 2) are for groups; the others are for the differences of later updates,
 * the smallest of which are joined when they are too many. Measured through ten updates: with a fifteenth for
 * differences 3 % less is sent than with a fifth, because groups are smaller.
 */
export function groupsIn(most: number): number {
  return most - Math.max(1, Math.floor(most / 15));
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

/** Clearing the dead bytes of a component this large, where it shares a layer, sends much of what is beside it. */
const LARGE = 16 * 1024 * 1024;

/**
 * Groups the components of an image that has no groups yet. The largest get one for themselves, each as long as it is
 * at least half as large as a group would be that the smaller ones share, or a third if it is {@link LARGE}; so few bytes
 * are sent and dead when any of them changes. What is chosen is recorded in the layers' annotations, and kept by
 * {@link keepGroups}. Measured: with a half for large ones too, 40 updated packages of 845 sent 6 % more, to clear the dead
 * bytes of one of 31 MB; with a third for all, 17 of 381 sent 4 % more, and ten updates of a made-up image 2 %.
 * @param sizes bytes of each component
 * @param groups how many there may be
 */
export function chooseGroups(sizes: ReadonlyMap<string, number>, groups: number): Grouping {
  const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const worth = Math.min(WORTH_A_LAYER, Math.max(LEAST, total * SHARE));
  const sorted = largestFirst(sizes);
  const alone = new Set<string>();
  let rest = total;
  for (const [name, bytes] of sorted) {
    const shared = groups - alone.size;
    const part = bytes < LARGE ? 2 : 3;
    if (shared <= 1 || bytes < worth || bytes < rest / (part * shared)) break;
    alone.add(formatGroup(componentGroup(name)));
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
 * @param sizes bytes that are new, of each component
 * @param groups how many groups there may be
 */
export function keepGroups(
  recorded: readonly LayerGroup[],
  sizes: ReadonlyMap<string, number>,
  groups: number,
): Grouping {
  const alone = new Set(
    recorded.filter(({ kind }) => kind === "component").map((group) => formatGroup(group)),
  );
  const shared = sharedIn(recorded) ?? Math.min(SHARED_OTHERWISE, Math.max(1, groups - alone.size));
  const unknown = largestFirst(sizes)
    .filter(([, bytes]) => bytes >= ALONE_LATER)
    .map(([name]) => formatGroup(componentGroup(name)))
    .filter((group) => !alone.has(group));
  const room = Math.max(0, groups - shared - alone.size);
  for (const added of unknown.slice(0, room)) alone.add(added);
  return groupingOf(alone, shared);
}

/** Among how many groups small components are divided, if the recorded groups say so, and all say the same. */
export function sharedIn(recorded: readonly LayerGroup[]): number | undefined {
  const counts = new Set(recorded.flatMap((group) => (group.kind === "shared" ? [group.of] : [])));
  return counts.size === 1 ? [...counts][0] : undefined;
}

function largestFirst(sizes: ReadonlyMap<string, number>): [name: string, bytes: number][] {
  return [...sizes].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
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

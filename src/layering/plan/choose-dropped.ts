// SPDX-License-Identifier: MIT
import type { PreviousLayer } from "./kept-layers.ts";

/** Why a layer of the previous image is not kept. */
export type DropReason =
  /** Most of it changed. */
  | "changed"
  /** It has dead bytes, and there are too many in all. */
  | "dead-bytes"
  /** There are too many layers. */
  | "layers"
  /** It can't be read without another layer that is not kept. */
  | "dependent";

/** The state of the kept layers. */
export interface KeptState {
  readonly layers: readonly PreviousLayer[];
  /** Bytes of each that are in use. */
  readonly used: readonly number[];
  /** Bytes of the layers to be written. */
  readonly writtenBytes: number;
  /** How many layers are to be written. */
  readonly written: number;
}

export interface DropLimits {
  readonly maxLayers: number;
  /** The share of dead bytes that is allowed, from 0 to 1. */
  readonly maxDead: number;
}

/** A layer of which less than this share is in use is written anew: what is in use is sent again, the rest is saved. */
const MOSTLY = 0.1;

/**
 * A layer that frees just enough is preferred if it costs at most this share of one that frees more for its cost. If it
 * always were, the next updates would have the dead bytes of the other: one in a hundred more was sent in ten updates.
 */
const MUCH_LESS = 0.5;

export interface Dropped {
  /** The position among the kept layers. */
  readonly at: number;
  readonly why: DropReason;
}

/** What is known of one layer when it is weighed. */
interface Weighed {
  readonly at: number;
  readonly used: number;
  readonly dead: number;
  /** About how many bytes are sent again without it: what is in use of it, compressed as all of it is. */
  readonly cost: number;
  readonly isDifferences: boolean;
}

/**
 * Chooses which kept layers to give up; what is in use of them is then written anew. First those that changed mostly;
 * then, as long as there are too many dead bytes, those that free enough for the least that is sent again; then, if there
 * are too many layers, the smallest layers of differences. None, when all limits hold. Depends on the bytes alone.
 */
export function chooseDropped(state: KeptState, { maxLayers, maxDead }: DropLimits): Dropped[] {
  const { layers, used } = state;
  const all = layers.map((layer, at) => weigh(layer, at, used[at]!));
  const changed = all.filter(
    (each) => each.dead > 0 && each.used <= MOSTLY * (each.used + each.dead),
  );
  const rest = all.filter((each) => !changed.includes(each));
  const total = all.reduce((sum, each) => sum + each.used, state.writtenBytes);
  const dead = sumDead(rest);
  // of `total + dead - freed` at most so much may be dead
  const freed = (dead - maxDead * (total + dead)) / (1 - maxDead);
  const dropped = new Map<number, DropReason>(changed.map(({ at }) => [at, "changed"]));
  for (const { at } of freeing(freed, rest)) dropped.set(at, "dead-bytes");
  // A group whose layer is given up gets another one, so that only layers of differences make room.
  const excess = dropped.size > 0 ? 0 : layers.length + state.written - maxLayers;
  const bySize = rest.filter(({ isDifferences }) => isDifferences);
  bySize.sort((a, b) => a.used - b.used || a.at - b.at);
  for (const { at } of bySize.slice(0, Math.max(0, excess))) dropped.set(at, "layers");
  return [...dropped].map(([at, why]) => ({ at, why })).sort((a, b) => a.at - b.at);
}

function weigh({ bytes, descriptor, group }: PreviousLayer, at: number, used: number): Weighed {
  const dead = Math.max(0, bytes - used);
  const cost = (descriptor.size * used) / Math.max(1, bytes);
  return { at, used, dead, cost, isDifferences: group.kind === "differences" };
}

/**
 * Layers that have so many dead bytes together: those that free the most for what they cost; but to free the last of
 * them, one that costs much less, if there is one.
 */
function freeing(needed: number, layers: readonly Weighed[]): readonly Weighed[] {
  const byGain = layers.filter(({ dead }) => dead > 0);
  byGain.sort((a, b) => a.cost * b.dead - b.cost * a.dead || a.at - b.at);
  const chosen: Weighed[] = [];
  let left = needed;
  while (left > 0 && byGain.length > 0) {
    const enough = byGain.filter(({ dead }) => dead >= left);
    enough.sort((a, b) => a.cost - b.cost || a.at - b.at);
    const [first] = byGain as [Weighed];
    const next =
      enough[0] !== undefined && enough[0].cost <= MUCH_LESS * first.cost ? enough[0] : first;
    chosen.push(next);
    byGain.splice(byGain.indexOf(next), 1);
    left -= next.dead;
  }
  return chosen;
}

function sumDead(layers: readonly Weighed[]): number {
  return layers.reduce((sum, { dead }) => sum + dead, 0);
}

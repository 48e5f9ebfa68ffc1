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

export interface Dropped {
  /** The position among the kept layers. */
  readonly at: number;
  readonly why: DropReason;
}

/**
 * Chooses which kept layers to give up; what is in use of them is then written anew. First those that changed mostly;
 * then, as long as there are too many dead bytes, those that free the most for what they send again; then, if there
 * are too many layers, the smallest layers of differences. None, when all limits hold. Depends on the bytes alone.
 */
export function chooseDropped(state: KeptState, { maxLayers, maxDead }: DropLimits): Dropped[] {
  const { layers, used } = state;
  const all = layers.map(({ bytes, group }, at) => ({
    at,
    used: used[at]!,
    dead: Math.max(0, bytes - used[at]!),
    isDifferences: group.kind === "differences",
  }));
  const dropped = new Map<number, DropReason>();
  for (const { at, used: live, dead } of all) {
    if (dead > 0 && live <= MOSTLY * (live + dead)) dropped.set(at, "changed");
  }
  let dead = 0;
  let total = state.writtenBytes;
  for (const each of all) {
    total += each.used;
    if (!dropped.has(each.at)) dead += each.dead;
  }
  const byGain = all.filter((each) => each.dead > 0 && !dropped.has(each.at));
  byGain.sort((a, b) => a.used * b.dead - b.used * a.dead || a.at - b.at);
  for (const each of byGain) {
    if (dead <= maxDead * (total + dead)) break;
    dropped.set(each.at, "dead-bytes");
    dead -= each.dead;
  }
  let excess = dropped.size > 0 ? 0 : layers.length + state.written - maxLayers;
  // A group whose layer is given up gets another one, so that only layers of differences make room.
  const bySize = all.filter(({ at, isDifferences }) => isDifferences && !dropped.has(at));
  bySize.sort((a, b) => a.used - b.used || a.at - b.at);
  for (const each of bySize) {
    if (excess <= 0) break;
    dropped.set(each.at, "layers");
    excess -= 1;
  }
  return [...dropped].map(([at, why]) => ({ at, why })).sort((a, b) => a.at - b.at);
}

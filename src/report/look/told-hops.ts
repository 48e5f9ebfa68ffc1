// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Stop } from "../../rootfs/resolve-path.ts";

/** One link on the way: where it lies, and its target as it is written. */
export interface ToldHop {
  readonly path: ByteString;
  readonly target: ByteString;
}

const MOST_HOPS = 12;

/** The hops of a chain that are worth telling: of a loop one round is enough. */
export interface ToldHops {
  readonly hops: readonly ToldHop[];
  /** Whether it leads in a loop, or over more links than a kernel follows. */
  readonly isEndless: boolean;
  /** The link where a loop begins again; undefined where there is none. */
  readonly again: ByteString | undefined;
  /** Whether further hops are left out. */
  readonly isCut: boolean;
}

/** Cuts a chain to what a person wants to see of it. */
export function tellHops(chain: {
  readonly hops: readonly ToldHop[];
  readonly stop: Stop | undefined;
}): ToldHops {
  const { hops, stop } = chain;
  const isEndless = stop?.why === "link-loop";
  const again = isEndless ? secondRound(hops) : undefined;
  const end = again ?? hops.length;
  const told = hops.slice(0, Math.min(end, MOST_HOPS));
  return {
    hops: told.map(({ path, target }) => ({ path, target })),
    isEndless,
    again: again === undefined ? undefined : hops[again]!.path,
    isCut: told.length < end,
  };
}

/**
 * The hop with which a loop begins again. That a link was passed before is not enough: `/bin` of `/bin/a`, which leads to
 * `/bin/b`, is passed twice on the way to an end.
 */
function secondRound(hops: readonly ToldHop[]): number | undefined {
  const places = hops.map(({ path }) => path);
  const found = places.findIndex((place, at) => {
    const round = places.slice(places.indexOf(place), at);
    return round.length > 0 && round.every((one, passed) => one === places[at + passed]);
  });
  return found < 0 ? undefined : found;
}

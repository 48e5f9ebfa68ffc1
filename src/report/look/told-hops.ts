// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/** One link on the way: where it lies, and its target as it is written. */
export interface ToldHop {
  readonly path: ByteString;
  readonly target: ByteString;
}

const MOST_HOPS = 12;

/** The hops of a chain that are worth telling: of a loop one round is enough. */
export interface ToldHops {
  readonly hops: readonly ToldHop[];
  /** The link where a loop begins again; undefined where there is none. */
  readonly again: ByteString | undefined;
  /** Whether further hops are left out. */
  readonly isCut: boolean;
}

/** Cuts a chain to what a person wants to see of it. */
export function tellHops(hops: readonly ToldHop[]): ToldHops {
  const passed = new Set<ByteString>();
  const again = hops.findIndex((hop) => passed.size === passed.add(hop.path).size);
  const told = hops.slice(0, again < 0 ? MOST_HOPS : Math.min(again, MOST_HOPS));
  return {
    hops: told.map(({ path, target }) => ({ path, target })),
    again: again < 0 ? undefined : hops[again]!.path,
    isCut: told.length < (again < 0 ? hops.length : again),
  };
}

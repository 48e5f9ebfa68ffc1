// SPDX-License-Identifier: MIT

/** Runs at most a fixed number of actions at a time; the others wait in order. */
export type Gate = <T>(act: () => Promise<T>) => Promise<T>;

/** Creates a gate that runs at most `places` actions at a time. */
export function createGate(places: number): Gate {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (act) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

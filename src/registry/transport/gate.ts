// SPDX-License-Identifier: MIT

/** Lets a bounded number of things happen at a time, the others waiting in order. */
export type Gate = <T>(act: () => Promise<T>) => Promise<T>;

/** Creates a gate that `places` can be in at a time. */
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

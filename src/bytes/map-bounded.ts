// SPDX-License-Identifier: MIT
import type { AbortOptions } from "./bytes.ts";

/**
 * Does work on each item, at most `limit` at a time, and returns the results in the items' order. The first
 * failure aborts the rest, and is thrown when all of them have stopped; nothing runs on in the background.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
  options: AbortOptions = {},
): Promise<R[]> {
  const stop = new AbortController();
  const given = options.signal;
  const signal = given === undefined ? stop.signal : AbortSignal.any([given, stop.signal]);
  const results = new Array<R>(items.length);
  const failures: unknown[] = [];
  let next = 0;

  const run = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const at = next;
      next += 1;
      try {
        results[at] = await work(items[at] as T, signal);
      } catch (error) {
        failures.push(error);
        stop.abort();
      }
    }
  };
  const runners = Array.from({ length: Math.min(Math.max(limit, 1), items.length) }, run);
  await Promise.all(runners);
  if (failures.length > 0) throw failures[0];
  return results;
}

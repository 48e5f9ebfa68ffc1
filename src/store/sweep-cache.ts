// SPDX-License-Identifier: MIT
import { existsSync, lstatSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { throwIfAborted } from "../bytes/abort.ts";
import type { AbortOptions } from "../bytes/bytes.ts";
import { CACHE_LIMITS, pruneCache } from "./cache.ts";

const STAMP = ".swept";
const DAY = 86_400_000;

/**
 * Keeps a cache within {@link CACHE_LIMITS} by pruning it once a day. Does nothing if the cache can't be
 * pruned because it is read-only or another process is working in it.
 */
export async function sweepCacheDaily(
  directory: string,
  options: AbortOptions = {},
): Promise<void> {
  if (!existsSync(directory)) return;
  const stamp = join(directory, STAMP);
  const last = lstatSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  if (last !== undefined && Date.now() - last < DAY) return;
  try {
    if (last === undefined) writeFileSync(stamp, "");
    else utimesSync(stamp, new Date(), new Date());
    await pruneCache(directory, { ...CACHE_LIMITS, ...options });
  } catch {
    throwIfAborted(options.signal, directory);
  }
}

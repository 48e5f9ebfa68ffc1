// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import type { CacheEntry, RemoveAside } from "../../store/digest-cache.ts";
import { digestOfKey, type ConversionKey } from "./conversion-key.ts";
import { listHeld, lockNames, requireStore, type ConversionStore } from "./conversion-store.ts";
import { readImageRecord } from "./image-record.ts";

/** Options of `Conversions.prune`. */
export interface PruneOptions extends AbortOptions {
  /**
   * A conversion is kept if it was made, found or last named within this many milliseconds; default one
   * hour. So anyone who got a path without a name can use it for at least this long.
   */
  readonly minimumAge?: number | undefined;
  /** Reports what would be removed and removes nothing. */
  readonly dryRun?: boolean | undefined;
}

/** What was removed (or would be, with `dryRun`) and what stays. */
export interface Pruned {
  readonly removed: readonly PrunedConversion[];
  /** The number of conversions that stay. */
  readonly kept: number;
}

export interface PrunedConversion {
  readonly key: ConversionKey;
  readonly digest: Digest;
  /** The size of its contents; undefined if its `image.json` can't be read. */
  readonly bytes: number | undefined;
}

const MINIMUM_AGE = 3600_000;

/** See `Conversions.prune`. */
export async function prune(store: ConversionStore, options: PruneOptions): Promise<Pruned> {
  const { dryRun = false, signal } = options;
  requireStore(store);
  const aside: RemoveAside[] = [];
  // Removing takes long but needs no lock: nobody can reach what was set aside.
  const pruned = await lockNames(
    store,
    async () => {
      const { removed, kept } = await choose(store, options);
      for (const { key } of dryRun ? [] : removed) {
        const remove = await store.cache.setAside(key);
        if (remove !== undefined) aside.push(remove);
      }
      if (!dryRun) store.names.sweep();
      return { removed, kept };
    },
    { signal },
  );
  if (!dryRun) await removeAll(store, aside, options);
  return pruned;
}

async function choose(
  store: ConversionStore,
  { minimumAge = MINIMUM_AGE }: PruneOptions,
): Promise<Pruned> {
  const marked = markNamed(store);
  const held = listHeld(store);
  const removed: PrunedConversion[] = [];
  let kept = 0;
  for (const entry of await store.cache.list()) {
    const { key } = entry;
    const digest = digestOfKey(key);
    if (digest === undefined) continue; // a foreign entry
    const old = Date.now() - entry.usedAt.getTime() >= minimumAge;
    if (marked.has(key) || held.has(key) || !old) kept += 1;
    else removed.push({ key, digest, bytes: bytesOf(entry) });
  }
  return { removed, kept };
}

/**
 * The conversions that names point to. @throws OciError for the first entry that is not a name: it might
 * have been meant to keep a conversion
 */
function markNamed({ names }: ConversionStore): Set<ConversionKey> {
  const marked = new Set<ConversionKey>();
  for (const entry of names.list()) {
    if (entry.key === undefined) throw entry.problem;
    marked.add(entry.key);
  }
  return marked;
}

function bytesOf({ path }: CacheEntry): number | undefined {
  try {
    return readImageRecord(path).bytes;
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}

/** Removes all it can, even after a failure. @throws the first failure */
async function removeAll(
  { cache }: ConversionStore,
  aside: readonly RemoveAside[],
  { signal }: PruneOptions,
): Promise<void> {
  const failures: unknown[] = [];
  const swept = (): Promise<unknown> => cache.sweep({ olderThan: Infinity, signal });
  for (const remove of [...aside, swept]) {
    await remove({ signal }).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

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
   * Milliseconds that a conversion must not have been made, found or meant by a name; an hour unless
   * told. Whoever got a path without a name may use it for so long.
   */
  readonly minimumAge?: number | undefined;
  /** Say what would be removed, and remove nothing. */
  readonly dryRun?: boolean | undefined;
}

/** What was removed, or with `dryRun` would be, and what stays. */
export interface Pruned {
  readonly removed: readonly PrunedConversion[];
  /** Conversions. */
  readonly kept: number;
}

export interface PrunedConversion {
  readonly key: ConversionKey;
  readonly digest: Digest;
  /** Of its contents; undefined when its `image.json` can't be read. */
  readonly bytes: number | undefined;
}

const MINIMUM_AGE = 3600_000;

/** As `Conversions.prune` says. */
export async function prune(store: ConversionStore, options: PruneOptions): Promise<Pruned> {
  const { dryRun = false, signal } = options;
  requireStore(store);
  const aside: RemoveAside[] = [];
  // Removing takes long, and needs no lock any more: what was set aside is nobody's.
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
    if (digest === undefined) continue; // not ours
    const old = Date.now() - entry.usedAt.getTime() >= minimumAge;
    if (marked.has(key) || held.has(key) || !old) kept += 1;
    else removed.push({ key, digest, bytes: bytesOf(entry) });
  }
  return { removed, kept };
}

/** @throws OciError the first thing among the names that is none: what it was meant to keep is unknown */
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

/** Goes on after a failure: what else can go, goes. @throws the first failure */
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

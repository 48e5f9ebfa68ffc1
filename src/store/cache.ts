// SPDX-License-Identifier: MIT
import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { throwIfAborted } from "../bytes/abort.ts";
import type { AbortOptions } from "../bytes/bytes.ts";
import { fileError } from "../files/system-error.ts";
import { sweepAbandoned } from "../files/owned-name.ts";
import type { CacheItem, RemovableItem } from "./cache-item.ts";
import { listCachedImages, sweepCachedImages } from "./cached-images.ts";
import { isDigestCache, openDigestCache } from "./digest-cache.ts";
import { UPLOADS } from "./cache-directory.ts";
import { JOURNAL_AGE, labelOf, listJournal, sweepJournal } from "./journal/journal.ts";
import { LAYOUT_FILE } from "./layout/layout-index.ts";

/** What a cache holds, the least recently used item first. */
export interface CacheContent {
  readonly directory: string;
  readonly items: readonly CacheItem[];
  readonly bytes: number;
}

export interface PruneCacheOptions extends AbortOptions {
  /** In milliseconds. Items that have not been used for longer are removed. */
  readonly maxAge: number;
  /**
   * In bytes. The least recently used items are removed until the rest fits, except those used in the last
   * hour.
   */
  readonly maxBytes: number;
  /** Only report what would be removed. */
  readonly dryRun?: boolean | undefined;
}

export interface PrunedCache extends CacheContent {
  readonly removed: readonly CacheItem[];
  readonly removedBytes: number;
}

/** The default limits of a cache: thirty days and 20 GB. */
export const CACHE_LIMITS = Object.freeze({ maxAge: 30 * 86_400_000, maxBytes: 20e9 });

/** In milliseconds. A running process may still need an item that was used this recently. */
const IN_USE = 3600_000;
const ABANDONED_AGE = 86_400_000;
const SPOOL = "spool";
/** What V8 made of the program: plain files, which bin/oci-kit keeps. */
const CODE = "code";

/** Lists what a cache directory holds. A missing directory counts as empty. @throws OciError `unreadable` */
export async function inspectCache(
  directory: string,
  options: AbortOptions = {},
): Promise<CacheContent> {
  return contentOf(directory, await findItems(directory, options));
}

/**
 * Removes items that are too old from a cache, then the least recently used ones until the rest fits, and the
 * leftovers of killed processes. Safe at any time: everything in a cache can be made or fetched again, and an
 * item used in the last hour is removed only if it is too old.
 * @returns what was removed (with `dryRun`: what would be) and what is left
 * @throws OciError `unreadable`, `unwritable`, `locked`
 */
export async function pruneCache(
  directory: string,
  { maxAge, maxBytes, dryRun = false, signal }: PruneCacheOptions,
): Promise<PrunedCache> {
  const items = await findItems(directory, { signal });
  const now = Date.now();
  let bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  const removed = new Set<RemovableItem>();
  for (const item of items) {
    const age = now - item.usedAt.getTime();
    if (age <= maxAge && (bytes <= maxBytes || age <= IN_USE)) continue;
    removed.add(item);
    bytes -= item.bytes;
  }
  for (const item of dryRun ? [] : removed) {
    throwIfAborted(signal, directory);
    await item.remove({ signal });
  }
  if (!dryRun) await sweepParts(directory, { signal });
  const gone = [...removed].map(describe);
  return {
    ...contentOf(
      directory,
      items.filter((item) => !removed.has(item)),
    ),
    removed: gone,
    removedBytes: gone.reduce((sum, item) => sum + item.bytes, 0),
  };
}

function contentOf(directory: string, items: readonly RemovableItem[]): CacheContent {
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  return { directory, items: items.map(describe), bytes };
}

function describe({ part, key, bytes, usedAt }: CacheItem): CacheItem {
  return { part, key, bytes, usedAt };
}

async function findItems(
  directory: string,
  options: AbortOptions,
): Promise<readonly RemovableItem[]> {
  const items: RemovableItem[] = [];
  for (const part of partsOf(directory)) {
    items.push(...(await listPart(join(directory, part), part, options)));
  }
  return items.sort((a, b) => a.usedAt.getTime() - b.usedAt.getTime());
}

async function listPart(
  path: string,
  part: string,
  options: AbortOptions,
): Promise<readonly RemovableItem[]> {
  switch (kindOf(path, part)) {
    case "images":
      return listCachedImages(path, part, options);
    case "directories":
      return listDigestCache(path, part);
    case "uploads":
      return listUploads(path, part);
    case "spool":
    case "foreign":
      return [];
  }
}

/**
 * What a folder of the cache holds. A folder that nothing of ours has made is left alone: somebody may have named a
 * directory with other things in it as the cache.
 */
function kindOf(
  path: string,
  part: string,
): "images" | "directories" | "uploads" | "spool" | "foreign" {
  if (part === SPOOL) return "spool";
  if (part === UPLOADS) return "uploads";
  if (existsSync(join(path, LAYOUT_FILE))) return "images";
  return part === CODE || isDigestCache(path) ? "directories" : "foreign";
}

/** Uploads that a living process works with are not listed: they are no leftovers. */
function listUploads(path: string, part: string): readonly RemovableItem[] {
  return listJournal(path)
    .filter(({ isHeld }) => !isHeld)
    .map((entry) => ({
      part,
      key: labelOf(entry),
      bytes: entry.bytes,
      usedAt: entry.usedAt,
      remove: async () => {
        rmSync(entry.path, { force: true });
        await Promise.resolve();
      },
    }));
}

async function listDigestCache(path: string, part: string): Promise<RemovableItem[]> {
  const cache = openDigestCache(path);
  return (await cache.list()).map(({ key, path: entry, usedAt }) => ({
    part,
    key,
    bytes: sizeOf(entry),
    usedAt,
    remove: async (options) => (await cache.setAside(key))?.(options),
  }));
}

/** Removes the leftovers of killed processes from each part of the cache. Items stay. */
async function sweepParts(directory: string, options: AbortOptions): Promise<void> {
  for (const part of partsOf(directory)) {
    const path = join(directory, part);
    const kind = kindOf(path, part);
    if (kind === "spool") sweepAbandoned(path, "", ABANDONED_AGE);
    if (kind === "uploads") sweepJournal(path, JOURNAL_AGE);
    if (kind === "images") await sweepCachedImages(path, options);
    if (kind === "directories") {
      await openDigestCache(path).sweep({ ...options, olderThan: Infinity });
    }
  }
}

function partsOf(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileError("unreadable", directory, error);
  }
}

/** The size of a file, or of all files in a directory. A file that vanishes meanwhile counts as 0. */
function sizeOf(directory: string): number {
  const own = lstatSync(directory, { throwIfNoEntry: false });
  if (own?.isDirectory() !== true) return own?.size ?? 0;
  let bytes = 0;
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const stats = lstatSync(join(directory, name), { throwIfNoEntry: false });
    if (stats?.isFile() === true) bytes += stats.size;
  }
  return bytes;
}

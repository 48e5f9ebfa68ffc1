// SPDX-License-Identifier: MIT
import { inspectCache, pruneCache, type CacheContent } from "../../store/cache.ts";
import type { CacheItem } from "../../store/cache-item.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import type { Outcome } from "../command.ts";
import type { Context } from "../context.ts";
import { DONE } from "../exit-status.ts";
import { parseDuration } from "../input/values/duration.ts";
import { parseSize } from "../input/values/size.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count, table } from "../../report/text/format.ts";

/** The flags of `oci-kit cache prune`, as they were typed. */
export interface PruneCacheFlags {
  readonly json?: true;
  readonly dryRun?: true;
  readonly maxAge: string;
  readonly maxSize: string;
}

/** Runs `oci-kit cache`. */
export async function showCache({ env, signal }: Context): Promise<Outcome> {
  const content = await inspectCache(defaultCacheDirectory(env), { signal });
  const parts = partsOf(content);
  const rows = parts.map(({ part, entries, bytes, oldest, newest }) => [
    part,
    count(entries, "entry", "entries"),
    formatBytes(bytes),
    `used ${day(oldest)} to ${day(newest)}`,
  ]);
  const { directory, bytes } = content;
  return {
    status: DONE,
    document: { directory, bytes, parts },
    lines: [...table(rows), `${directory}: ${formatBytes(bytes)}`],
  };
}

/** Runs `oci-kit cache prune`. */
export async function pruneCacheBy(
  flags: PruneCacheFlags,
  { env, signal }: Context,
): Promise<Outcome> {
  const dryRun = flags.dryRun === true;
  const pruned = await pruneCache(defaultCacheDirectory(env), {
    maxAge: parseDuration("--max-age", flags.maxAge),
    maxBytes: parseSize("--max-size", flags.maxSize),
    dryRun,
    signal,
  });
  const { directory, removed, removedBytes, items, bytes } = pruned;
  const rows = removed.map((item) => [
    item.part,
    item.key,
    formatBytes(item.bytes),
    `used ${day(item.usedAt)}`,
  ]);
  const verb = dryRun ? "would remove" : "removed";
  const what = `${count(removed.length, "entry", "entries")}, ${formatBytes(removedBytes)}`;
  const stays = `${formatBytes(bytes)} ${dryRun ? "would stay" : "stay"}`;
  return {
    status: DONE,
    document: { directory, dryRun, removed, removedBytes, kept: items.length, keptBytes: bytes },
    lines: [
      ...table(rows),
      `${directory}: ${removed.length === 0 ? "nothing to remove" : `${verb} ${what}`}; ${stays}`,
    ],
  };
}

interface Part {
  readonly part: string;
  readonly entries: number;
  readonly bytes: number;
  readonly oldest: Date;
  readonly newest: Date;
}

/** Groups the items of the cache by part. Relies on their order: least recently used first. */
function partsOf({ items }: CacheContent): readonly Part[] {
  const parts = new Map<string, CacheItem[]>();
  for (const item of items) parts.set(item.part, [...(parts.get(item.part) ?? []), item]);
  return [...parts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([part, own]) => ({
      part,
      entries: own.length,
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
      oldest: own[0]!.usedAt,
      newest: own.at(-1)!.usedAt,
    }));
}

function day(time: Date): string {
  return time.toISOString().slice(0, 10);
}

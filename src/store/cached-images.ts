// SPDX-License-Identifier: MIT
import { lstatSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isOciError } from "../oci/errors.ts";
import { readGraph } from "./content-graph.ts";
import { collectGarbage } from "./prune/collect-garbage.ts";
import { blobPath } from "./layout/layout-blobs.ts";
import { openLayout, type LayoutStore } from "./layout/layout.ts";
import type { RemovableItem } from "./cache-item.ts";

/** Marks an image in a layout as used now. */
export function markUsed({ directory }: LayoutStore, digest: Digest): void {
  try {
    const now = new Date();
    utimesSync(blobPath(directory, digest), now, now);
  } catch {
    // A read-only cache can still be used: its times just stay as they are.
  }
}

/** The images of a layout that serves as a cache. Shared content counts for the image that was used last. */
export async function listCachedImages(
  directory: string,
  part: string,
  options: AbortOptions,
): Promise<readonly RemovableItem[]> {
  const layout = await openLayout(directory, options);
  const roots = (await layout.capabilities.roots(options)).map((root) => ({
    root,
    usedAt: usedAt(layout, root),
  }));
  roots.sort((a, b) => b.usedAt.getTime() - a.usedAt.getTime());
  const counted = new Set<Digest>();
  const items: RemovableItem[] = [];
  for (const { root, usedAt: time } of roots) {
    let bytes = 0;
    for (const { digest, size } of await contentOf(layout, root, options)) {
      if (!counted.has(digest)) bytes += size;
      counted.add(digest);
    }
    const remove = async (abort: AbortOptions): Promise<void> => {
      await layout.capabilities.remove(root.digest, abort);
      await sweepCachedImages(directory, abort);
    };
    items.push({ part, key: root.digest, bytes, usedAt: time, remove });
  }
  const { removedBytes } = await collectGarbage(layout, { ...options, dryRun: true, minAge: 0 });
  if (removedBytes > 0) {
    const remove = (abort: AbortOptions): Promise<void> => sweepCachedImages(directory, abort);
    const time = lstatSync(join(directory, "blobs", "sha256")).mtime;
    items.push({ part, key: "unfinished", bytes: removedBytes, usedAt: time, remove });
  }
  return items;
}

/** Removes content that no image of a layout needs, once it is an hour old. */
export async function sweepCachedImages(directory: string, options: AbortOptions): Promise<void> {
  await collectGarbage(await openLayout(directory, options), options);
}

function usedAt({ directory }: LayoutStore, { digest }: Descriptor): Date {
  const stats = lstatSync(blobPath(directory, digest), { throwIfNoEntry: false });
  return stats?.mtime ?? new Date(0);
}

async function contentOf(
  layout: LayoutStore,
  root: Descriptor,
  options: AbortOptions,
): Promise<readonly Descriptor[]> {
  try {
    const { blobs, levels } = await readGraph(layout, root, options);
    return [...blobs, ...levels.flat().map(({ descriptor }) => descriptor)];
  } catch (error) {
    if (isOciError(error, "aborted")) throw error;
    return [root]; // A broken image is removed when it is old, and fetched again.
  }
}

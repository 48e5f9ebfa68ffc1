// SPDX-License-Identifier: MIT
import { existsSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { missingDirectories } from "../../files/make-directories.ts";
import { writing } from "../../files/system-error.ts";
import { openLayout, type LayoutStore, type OpenLayoutOptions } from "./layout.ts";
import { hasPartialBlobs, removePartialBlobs } from "./partial-blobs.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { INDEX_FILE, LAYOUT_FILE, readLayoutIndex } from "./layout-index.ts";
import { lockLayout } from "./layout-roots.ts";

/** A layout opened for writing, with a way to undo opening it. */
export interface FreshLayout {
  readonly store: LayoutStore;
  /**
   * Removes the layout and the directories above it if opening made them, as long as the layout is empty.
   * Content that has arrived stays, so that a second attempt need not fetch it again. Idempotent.
   */
  readonly discard: (options?: DiscardOptions) => Promise<void>;
}

export interface DiscardOptions {
  /**
   * Also remove content that has arrived, unless `index.json` lists a root: for a caller who will not try
   * again.
   */
  readonly whole?: boolean | undefined;
}

/**
 * Opens a layout directory for writing, and makes it if it is missing.
 * @throws OciError as `openLayout` with `create`
 */
export async function openFreshLayout(
  directory: string,
  options: Omit<OpenLayoutOptions, "create"> = {},
): Promise<FreshLayout> {
  const wasThere = existsSync(join(directory, LAYOUT_FILE));
  const made = writing(directory, () => missingDirectories(directory)).reverse();
  const store = await openLayout(directory, { ...options, create: true });
  if (wasThere) return { store, discard: () => Promise.resolve() };
  return {
    store,
    discard: async ({ whole = false } = {}) => {
      if (!existsSync(join(directory, LAYOUT_FILE))) return;
      const remove = async (): Promise<boolean> => {
        if (whole) await removeUnnamed(directory, options);
        return removeIfEmpty(directory);
      };
      const removed = await lockLayout(directory, remove, { ...options, signal: undefined });
      if (removed) made.every(removeEmptyDirectory);
    },
  };
}

/** The caller holds the lock. */
async function removeUnnamed(directory: string, { limits }: OpenLayoutOptions): Promise<void> {
  const index = await readLayoutIndex(directory, limits);
  if (index.manifests.length > 0) return;
  await removeTree(join(directory, "blobs"));
  removePartialBlobs(directory);
}

/** The caller holds the lock. */
function removeIfEmpty(directory: string): boolean {
  if (hasPartialBlobs(directory)) return false;
  const blobs = join(directory, "blobs");
  if (!removeEmptyDirectory(join(blobs, "sha256")) || !removeEmptyDirectory(blobs)) return false;
  rmSync(join(directory, LAYOUT_FILE), { force: true });
  rmSync(join(directory, INDEX_FILE), { force: true });
  return true;
}

function removeEmptyDirectory(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return !existsSync(directory); // A directory with content stays.
  }
}

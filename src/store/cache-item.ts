// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";

/** One thing in the cache that can be made or fetched again. */
export interface CacheItem {
  /** The folder of the cache that holds it: `layer-indexes`, `blobs`, … */
  readonly part: string;
  readonly key: string;
  readonly bytes: number;
  /** When it was made or last used. */
  readonly usedAt: Date;
}

/** An item that can be removed. */
export interface RemovableItem extends CacheItem {
  readonly remove: (options: AbortOptions) => Promise<void>;
}

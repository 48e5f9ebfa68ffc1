// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";

/** One thing in the cache that can be made or fetched again. */
export interface CacheItem {
  /** The folder of the cache that it is in: `layer-indexes`, `blobs`, … */
  readonly part: string;
  readonly key: string;
  readonly bytes: number;
  /** When it was made, or last asked for. */
  readonly usedAt: Date;
}

/** An item and the way to be rid of it. */
export interface RemovableItem extends CacheItem {
  readonly remove: (options: AbortOptions) => Promise<void>;
}

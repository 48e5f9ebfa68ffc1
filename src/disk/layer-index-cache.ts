// SPDX-License-Identifier: MIT
import type { LayerIndexCache } from "../rootfs/layer-index-cache.ts";

/** Keeps layer indexes in a directory, by diffID; default: below the cache directory of the user. */
export declare function openLayerIndexCache(directory?: string): LayerIndexCache;

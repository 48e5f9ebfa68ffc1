// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { LayerIndexCache } from "../../rootfs/layer-index/index-cache.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import type { Context } from "../context.ts";

/** Opens the user's cache of layer indexes. */
export async function indexCacheOf({ env }: Context): Promise<LayerIndexCache> {
  const { openLayerIndexCache } = await import("../../rootfs/layer-index/open-index-cache.ts");
  return openLayerIndexCache(join(defaultCacheDirectory(env), "layer-indexes"));
}

// SPDX-License-Identifier: MIT
import type { LayerIndexCache } from "../../rootfs/layer-index/index-cache.ts";
import { openLayerIndexCache } from "../../rootfs/layer-index/open-index-cache.ts";
import type { InputOptions } from "../assemble-options.ts";

/** The cache for indexes of this kind; undefined when no cache directory is set. */
export function treeCache(options: InputOptions, kind: string): LayerIndexCache | undefined {
  return options.cache === undefined ? undefined : openLayerIndexCache(`${options.cache}/${kind}`);
}

// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { Image } from "../../image/image.ts";
import type { OpenReference } from "../../image/open-reference.ts";
import type { Platform } from "../../oci/platform.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { IndexProgress } from "../../rootfs/layer-index/image-indexes.ts";
import type { LayerIndexCache } from "../../rootfs/layer-index/index-cache.ts";
import type { Context } from "../context.ts";

/**
 * The image that a reference means; of an index the one for the platform, as typed or parsed, else the
 * only one.
 * @throws OciError `not-found`, `ambiguous`, `wrong-architecture`, `invalid-platform`
 */
export async function imageOf(
  from: OpenReference,
  platform: string | Platform | undefined,
  { signal, limits }: Context,
): Promise<Image> {
  const [{ findImage }, { readImage }, { parsePlatform }] = await Promise.all([
    import("../../image/find-image.ts"),
    import("../../image/image.ts"),
    import("../../oci/platform.ts"),
  ]);
  const wanted = typeof platform === "string" ? parsePlatform(platform) : platform;
  const found = await findImage(from.store, await from.root({ signal }), wanted, {
    signal,
    limits,
  });
  return readImage(from.store, found, { signal, limits });
}

/** The user's cache of layer indexes. */
export async function indexCacheOf({ env }: Context): Promise<LayerIndexCache> {
  const [{ openLayerIndexCache }, { defaultCacheDirectory }] = await Promise.all([
    import("../../rootfs/layer-index/open-index-cache.ts"),
    import("../../store/digest-cache.ts"),
  ]);
  return openLayerIndexCache(join(defaultCacheDirectory(env), "layer-indexes"));
}

/** The merged filesystem of an image, its indexes from the user's cache where they are known. */
export async function openFilesystem(
  image: Image,
  context: Context,
  onProgress: (event: IndexProgress) => void,
): Promise<ImageFilesystem> {
  const { openImageFilesystem } = await import("../../rootfs/image-filesystem.ts");
  const cache = await indexCacheOf(context);
  const { signal, limits } = context;
  return openImageFilesystem(image, { cache, signal, limits, onProgress });
}

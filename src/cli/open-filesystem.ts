// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { openLayerIndexCache } from "../disk/layer-index-cache.ts";
import type { Image } from "../image/image.ts";
import {
  openImageFilesystem,
  type ImageFilesystem,
  type OpenImageFilesystemOptions,
} from "../rootfs/image-filesystem.ts";
import { defaultCacheDirectory } from "../store/digest-cache.ts";
import type { Context } from "./context.ts";

/** The merged filesystem of an image, its indexes from the user's cache where they are known. */
export function openFilesystem(
  image: Image,
  { env, signal }: Context,
  { onProgress }: Pick<OpenImageFilesystemOptions, "onProgress">,
): Promise<ImageFilesystem> {
  const cache = openLayerIndexCache(join(defaultCacheDirectory(env), "layer-indexes"));
  return openImageFilesystem(image, { cache, signal, onProgress });
}

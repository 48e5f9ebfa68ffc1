// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Image } from "../image/image.ts";
import type { Location } from "../image/location.ts";
import type { OpenOptions } from "../image/open-reference.ts";
import type { Platform } from "../oci/platform.ts";
import type { IndexProgress } from "../rootfs/index-layers.ts";
import type { LayerIndexCache } from "../rootfs/layer-index-cache.ts";
import type { RootFilesystem } from "../rootfs/root-filesystem.ts";

export interface OpenRootOptions extends OpenOptions, AbortOptions {
  /** Which image of an index. */
  readonly platform?: Platform | undefined;
  readonly cache?: LayerIndexCache | undefined;
  readonly onProgress?: ((event: IndexProgress) => void) | undefined;
}

/** A root filesystem, and the image it is of, if it is one. */
export interface OpenRoot {
  readonly root: RootFilesystem;
  /** Undefined for a plain directory. */
  readonly image: Image | undefined;
  close(): Promise<void>;
}

/**
 * Opens what a location names as a root filesystem: an image of any store, or a plain directory. A bare
 * path is a layout when it holds one, else a plain directory. The caller closes it.
 * @throws OciError `not-found`, `ambiguous`; what opening the store and indexing the layers throw
 */
export declare function openRootFilesystem(
  location: Location | string,
  options?: OpenRootOptions,
): Promise<OpenRoot>;

// SPDX-License-Identifier: MIT
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { fromText } from "../bytes/byte-string.ts";
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Image } from "../image/image.ts";
import type { ByteString } from "../bytes/byte-string.ts";
import { findImage } from "../image/find-image.ts";
import { readImage } from "../image/image.ts";
import { parseLocation, type Location } from "../image/location.ts";
import { openReference, type OpenOptions } from "../image/open-reference.ts";
import { OciError } from "../oci/errors.ts";
import type { Platform } from "../oci/platform.ts";
import { isAbsent, unreadable } from "./directory-walk.ts";
import { openDirectory } from "./directory.ts";
import { openUnpacked } from "./sidecar/open-unpacked.ts";
import type { IndexProgress } from "../rootfs/layer-index/image-indexes.ts";
import type { LayerIndexCache } from "../rootfs/layer-index/index-cache.ts";
import { openImageFilesystem } from "../rootfs/image-filesystem.ts";
import { openForQuestion } from "../rootfs/top-down/open-for-question.ts";
import type { DescribedFilesystem } from "../rootfs/look/describe-entries.ts";
import { openLayerFilesystem } from "../rootfs/look/layer-filesystem.ts";

export interface OpenRootOptions extends OpenOptions, AbortOptions {
  /** Which image of an index to open. */
  readonly platform?: Platform | undefined;
  readonly cache?: LayerIndexCache | undefined;
  /** As in `indexLayers`: the blobs of layers that the cache knows are also read and verified. */
  readonly verifyCached?: boolean | undefined;
  /** As in `indexLayers`: layers that the cache knows may be missing from the store. */
  readonly allowMissing?: boolean | undefined;
  /** Opens one layer alone, with its whiteouts, instead of the merged tree: its number from 0, the lowest. */
  readonly layer?: number | undefined;
  /**
   * Opens no more of an image's layers than this needs, as `openForQuestion`, and uses their tables of contents; with
   * "everything" all layers.
   */
  readonly ask?: ((root: DescribedFilesystem) => void) | "everything" | undefined;
  /** With `ask`: paths of files that will be read, so that no layer is read twice for them. */
  readonly reads?: readonly ByteString[] | undefined;
  /** Opens a plain directory together with the sidecar that `unpack` left beside it, as `openUnpacked` does. Default: false. */
  readonly withSidecar?: boolean | undefined;
  readonly onProgress?: ((event: IndexProgress) => void) | undefined;
}

/** A root filesystem and, unless it is a plain directory, the image that it comes from. */
export interface OpenRoot {
  readonly root: DescribedFilesystem;
  /** Undefined for a plain directory. */
  readonly image: Image | undefined;
  /** Idempotent. */
  readonly close: () => Promise<void>;
}

/**
 * Opens what a location names as a root filesystem: an image in any store, or a plain directory. A path
 * without a scheme is a layout if there is one at the path, otherwise a plain directory. The caller closes it.
 * @throws OciError `not-found`, `ambiguous`; `invalid-argument` for a layer of a plain directory; what opening the store and indexing the layers throw
 */
export async function openRootFilesystem(
  from: Location | string,
  options: OpenRootOptions = {},
): Promise<OpenRoot> {
  const location = typeof from === "string" ? parseLocation(from) : from;
  if (location.kind === "dir") return openPlain(location.directory, options);
  if (location.kind === "path" && !(await isLayout(location.path))) {
    return openPlain(location.path, options);
  }
  const reference = await openReference(location, options);
  try {
    const root = await reference.root(options);
    const descriptor = await findImage(reference.store, root, options.platform, options);
    const image = await readImage(reference.store, descriptor, options);
    const filesystem = await openImage(image, options);
    return { root: filesystem, image, close: () => reference.close() };
  } catch (error) {
    await reference.close();
    throw error;
  }
}

function openImage(image: Image, options: OpenRootOptions): Promise<DescribedFilesystem> {
  const { layer, ask } = options;
  if (layer !== undefined) return openLayerFilesystem(image, layer, options);
  return ask === undefined
    ? openImageFilesystem(image, options)
    : openForQuestion(image, ask === "everything" ? undefined : ask, options);
}

function openPlain(directory: string, { layer, withSidecar }: OpenRootOptions): OpenRoot {
  if (layer !== undefined) {
    throw new OciError(
      "invalid-argument",
      `dir:${directory}: expected an image, of which layer ${layer} is meant, got a plain directory`,
    );
  }
  const root =
    withSidecar === true
      ? openUnpacked(directory, { readContents: true })
      : openDirectory(directory);
  return {
    root,
    image: undefined,
    close: () => {
      root.close();
      return Promise.resolve();
    },
  };
}

/**
 * Whether a directory is an OCI image layout, even a broken one: it has an `oci-layout` file or an
 * `index.json`.
 * @throws OciError `unreadable`
 */
export async function isLayout(directory: string): Promise<boolean> {
  for (const name of ["oci-layout", "index.json"]) {
    try {
      await lstat(join(directory, name));
      return true;
    } catch (error) {
      if (!isAbsent(error)) throw unreadable(directory, fromText(`/${name}`), error);
    }
  }
  return false;
}

// SPDX-License-Identifier: MIT
import {
  withImage,
  type Named,
  type SourceOptions,
} from "../../image/by-reference/with-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { openImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { IndexProgress } from "../../rootfs/layer-index/image-indexes.ts";
import type { LayerIndexCache } from "../../rootfs/layer-index/index-cache.ts";
import {
  verifyDirectory,
  type DirectoryComparison,
  type VerifyDirectoryOptions,
} from "./verify-directory.ts";

/** What is going on, for a person who waits. */
export type VerifyProgress =
  | IndexProgress
  /** Some times a second: so many paths are compared. */
  | { readonly kind: "comparing"; readonly compared: number };

export interface VerifyAgainstOptions
  extends Omit<VerifyDirectoryOptions, "onProgress">, SourceOptions {
  /** Indexes of the image's layers. */
  readonly cache?: LayerIndexCache | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: VerifyProgress) => void) | undefined;
}

/** What {@link verifyAgainst} found. */
export interface ImageComparison extends DirectoryComparison {
  /** The image's name and digest. */
  readonly name: string;
  readonly image: Descriptor;
}

/**
 * Compares a directory with the image that a reference means, as `verifyDirectory` does with a tree.
 * @throws OciError what opening, indexing and `verifyDirectory` throw
 */
export function verifyAgainst(
  directory: string,
  reference: Named,
  options: VerifyAgainstOptions = {},
): Promise<ImageComparison> {
  return withImage(reference, options, async (image) => {
    const tree = await openImageFilesystem(image, options);
    const onProgress = (compared: number) => options.onProgress?.({ kind: "comparing", compared });
    const found = await verifyDirectory(directory, tree, { ...options, onProgress });
    return { ...found, name: tree.name, image: image.descriptor };
  });
}

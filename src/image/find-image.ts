// SPDX-License-Identifier: MIT
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { OciError } from "../oci/errors.ts";
import { isManifestType } from "../oci/media-types.ts";
import {
  type Platform,
  formatPlatform,
  normalisePlatform,
  platformMatches,
} from "../oci/platform.ts";
import type { ReadableStore } from "../store/store.ts";
import type { ReadOptions } from "./image.ts";
import { listImages } from "./list-images.ts";
import { listDescriptors } from "./only-root.ts";

/**
 * Finds the one image that is meant. A manifest itself, if its configuration is for `platform`; in an index
 * the child for `platform`, or its only image if no platform is given. Attestations and artifacts are not
 * considered.
 * @throws OciError `ambiguous` and `not-found`, listing the images that are there: a manifest of another
 *   platform is not found either
 */
export async function findImage(
  store: ReadableStore,
  root: Descriptor,
  platform: Platform | undefined,
  options: ReadOptions = {},
): Promise<Descriptor> {
  if (isManifestType(root.mediaType) && platform === undefined) return root;
  const { images } = await listImages(store, root, options);
  const candidates = platform === undefined ? images : imagesFor(images, platform);
  const [image] = candidates;
  if (image === undefined) throw nothingFound(store, root, platform, images);
  if (candidates.every((other) => other.digest === image.digest)) return image;
  const wanted = platform === undefined ? "" : ` for ${formatPlatform(platform)}`;
  throw new OciError(
    "ambiguous",
    `${store.name}: expected one image${wanted}, got ${candidates.length}: ${listDescriptors(candidates)}`,
    {
      details: { root: root.digest, images: candidates },
      hint: "Name the platform that is meant, as --platform linux/arm64, or the image by its digest.",
    },
  );
}

/** The images that are for a platform, as `platformMatches` decides. */
export function imagesFor(images: readonly Descriptor[], platform: Platform): Descriptor[] {
  return images.filter((image) => image.platform && platformMatches(platform, image.platform));
}

/** Whether two platforms are the same, however they are written (`arm64` and `arm64/v8`). */
export function isSamePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(normalisePlatform(a)) === formatPlatform(normalisePlatform(b));
}

function nothingFound(
  store: ReadableStore,
  root: Descriptor,
  platform: Platform | undefined,
  images: readonly Descriptor[],
): OciError {
  const wanted = platform === undefined ? "" : ` for ${formatPlatform(platform)}`;
  const got = images.length === 0 ? "none" : listDescriptors(images);
  return new OciError(
    "not-found",
    `${store.name}: expected an image${wanted} at ${root.digest}, got ${got}`,
    {
      details: { root: root.digest, images },
      ...(platform !== undefined &&
        images.length > 0 && { hint: "Name a platform that is there: --platform OS/ARCHITECTURE" }),
    },
  );
}

// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import { formatPlatform, platformMatches, type Platform } from "../../oci/platform.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { ReadOptions } from "../image.ts";
import { listImages } from "../list-images.ts";
import { listDescriptors } from "../only-root.ts";

/** Which content below an index stays. */
export interface PlatformSelection {
  /** Whether an entry stays. An index stays when an image below it does. */
  readonly keeps: (entry: Descriptor) => boolean;
  /** Images for other platforms, and their attestations. */
  readonly dropped: readonly Descriptor[];
}

/**
 * Selects the images of an index that are for one of the platforms. BuildKit's attestations stay with the image
 * that they are about. What is for no platform (artifacts) stays.
 * @throws OciError `not-found` for a platform that no image is for, listing those that are there
 */
export async function selectPlatforms(
  store: ReadableStore,
  root: Descriptor,
  platforms: readonly Platform[],
  options: ReadOptions = {},
): Promise<PlatformSelection> {
  const { images, attestations } = await listImages(store, root, options);
  const isWanted = ({ platform }: Descriptor): boolean =>
    platform !== undefined && platforms.some((wanted) => platformMatches(wanted, platform));
  for (const wanted of platforms) {
    const isThere = images.some(({ platform }) => platform && platformMatches(wanted, platform));
    if (!isThere) throw noSuchPlatform(store, root, wanted, images);
  }
  const kept = new Set<string>(images.filter(isWanted).map(({ digest }) => digest));
  const isStale = ({ annotations }: Descriptor): boolean => {
    const attested = annotations?.[AnnotationKey.attestedDigest];
    return attested !== undefined && !kept.has(attested);
  };
  const dropped = [
    ...images.filter(({ digest }) => !kept.has(digest)),
    ...attestations.filter(isStale),
  ];
  const gone = new Set<string>(dropped.map(({ digest }) => digest));
  return { keeps: ({ digest }) => !gone.has(digest), dropped };
}

function noSuchPlatform(
  store: ReadableStore,
  root: Descriptor,
  platform: Platform,
  images: readonly Descriptor[],
): OciError {
  const got = images.length === 0 ? "none" : listDescriptors(images);
  return new OciError(
    "not-found",
    `${store.name}: expected an image for ${formatPlatform(platform)} at ${root.digest}, got ${got}`,
    {
      details: { root: root.digest, images },
      hint: "Name a platform that is there: --platform OS/ARCHITECTURE",
    },
  );
}

// SPDX-License-Identifier: MIT
import { isSamePlatform } from "../../image/find-image.ts";
import { type Image, type ReadOptions, readImage } from "../../image/image.ts";
import { describeImage } from "../../image/index-document.ts";
import { listImages, platformOf } from "../../image/list-images.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { shortDigest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-types.ts";
import type { Platform } from "../../oci/platform.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { PlatformClaim } from "../gates/gate.ts";

/** One image of the planned index. Its bytes stay where they are until the push. */
export interface Child {
  /** Where it came from, for messages: `out/linux-runtime/riscv64`. */
  readonly name: string;
  readonly image: Image;
  /** Its descriptor in the index, with the platform of its configuration. */
  readonly descriptor: Descriptor;
  readonly platform: Platform;
  readonly claims: readonly PlatformClaim[];
  /** BuildKit's attestations of this very image, which are pushed with it. */
  readonly attestations: readonly Descriptor[];
}

/** Something beside the images that is not pushed, and why. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

export interface ReadChildrenOptions extends ReadOptions {
  /** What the root is called in messages. */
  readonly name: string;
  /** What its directory or its tag says about the platform of every image in it. */
  readonly claims: readonly PlatformClaim[];
}

/**
 * Reads the images below a manifest or an index, with their configurations.
 * @throws OciError what reading throws: a child that can't be read can't be pushed
 */
export async function readChildren(
  store: ReadableStore,
  root: Descriptor,
  options: ReadChildrenOptions,
): Promise<{ children: Child[]; leftOut: LeftOut[] }> {
  const { images, attestations, others } = await listImages(store, root, options);
  const fromIndex = isIndexType(root.mediaType);
  const children: Child[] = [];
  for (const entry of images) {
    const image = await readImage(store, entry, options);
    const attested = attestations.filter((one) => attestedBy(one) === entry.digest);
    children.push(makeChild(image, entry, attested, fromIndex, options));
  }
  const lost = attestations.filter(
    (one) => !images.some((image) => image.digest === attestedBy(one)),
  );
  return {
    children,
    leftOut: [
      ...lost.map((one) => leave(options.name, one, "it attests an image that is not there")),
      ...others.map((one) => leave(options.name, one, "it is no image")),
    ],
  };
}

function attestedBy(attestation: Descriptor): string | undefined {
  return attestation.annotations?.[AnnotationKey.attestedDigest];
}

function leave(name: string, { digest }: Descriptor, reason: string): LeftOut {
  return { name: `${name} (${shortDigest(digest)})`, reason };
}

function makeChild(
  image: Image,
  entry: Descriptor,
  attestations: readonly Descriptor[],
  fromIndex: boolean,
  { name, claims }: ReadChildrenOptions,
): Child {
  const platform = platformOf(image.config.value);
  // An index may give no platform for a child. The listing then has the configuration's, which is no claim of
  // the index.
  const listed = entry.platform ?? platform;
  const contradicted = !isSamePlatform(listed, platform);
  return {
    name: fromIndex ? `${name} (${shortDigest(entry.digest)})` : name,
    image,
    // What an index says about its child (annotations, artifactType) is kept. Annotations in a layout's
    // index.json are not: they are names within that layout.
    descriptor: fromIndex ? { ...entry, platform } : describeImage(image),
    platform,
    claims: contradicted ? [...claims, { by: "index", platform: listed }] : claims,
    attestations,
  };
}

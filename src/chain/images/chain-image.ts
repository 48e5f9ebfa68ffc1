// SPDX-License-Identifier: MIT
import { isSamePlatform } from "../../image/find-image.ts";
import { isAttestation } from "../../image/list-images.ts";
import type { ReadOptions } from "../../image/image.ts";
import { readIndex, readManifest } from "../../store/read-documents.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import { isConfigType, isIndexType } from "../../oci/media-types.ts";
import type { Platform } from "../../oci/platform.ts";

/** What there is of a unit under its tag, or in its layout. Only `absent` means that there is nothing. */
export type ChainImage =
  | PresentImage
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly reason: string; readonly error: unknown };

/** An image that is there. Nothing but its documents was read. */
export interface PresentImage {
  readonly state: "present";
  /** What the tag names: of an index its own digest, never that of an image in it. */
  readonly digest: Digest;
  /** The images of an index, without attestations; the image itself otherwise. */
  readonly images: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  /** The configuration, in which records may be labels; undefined when nothing says which. */
  readonly config: Descriptor | undefined;
  /** The reference that a layout was saved from, if it is known. */
  readonly savedFrom: string | undefined;
}

/**
 * Reads the documents that say what a root is. An index with one image for the platform (as BuildKit writes it,
 * with attestations) has that image's records beside its own. No blob is read.
 * @throws OciError what the store throws
 */
export async function readChainImage(
  store: ReadableStore,
  root: Descriptor,
  platform: Platform,
  options: ReadOptions = {},
): Promise<PresentImage> {
  const { digest } = root;
  const savedFrom = undefined;
  if (!isIndexType(root.mediaType)) {
    return { ...(await readRecords(store, root, options)), digest, images: [root], savedFrom };
  }
  const { manifests, annotations = {} } = (await readIndex(store, root, options)).value;
  const images = manifests.filter((one) => !isAttestation(one));
  const fitting = images.filter((one) => one.platform && isSamePlatform(one.platform, platform));
  const [image] = fitting.length > 0 ? fitting : images;
  const isOne = image !== undefined && (fitting.length === 1 || images.length === 1);
  const inner = isOne ? await readRecords(store, image, options) : undefined;
  return {
    state: "present",
    digest,
    images,
    annotations: { ...inner?.annotations, ...annotations },
    config: inner?.config,
    savedFrom,
  };
}

async function readRecords(
  store: ReadableStore,
  image: Descriptor,
  options: ReadOptions,
): Promise<Pick<PresentImage, "state" | "annotations" | "config">> {
  const { annotations = {}, config } = (await readManifest(store, image, options)).value;
  return {
    state: "present",
    annotations,
    config: isConfigType(config.mediaType) ? config : undefined,
  };
}

/** What a failure to read says: nothing is there only if the other side said so. */
export function failedImage(error: unknown): ChainImage {
  if (isOciError(error, "not-found")) return { state: "absent" };
  return {
    state: "unreadable",
    error,
    reason: error instanceof Error ? error.message : String(error),
  };
}

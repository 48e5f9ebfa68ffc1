// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../bytes/abort.ts";
import { type ReadOptions, readImage } from "../image/image.ts";
import { listImages, platformOf } from "../image/list-images.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Document } from "../oci/documents/document.ts";
import type { ImageIndex } from "../oci/documents/image-index.ts";
import { isOciError } from "../oci/errors.ts";
import { previousIndexes } from "../oci/index-history.ts";
import { isIndexType } from "../oci/media-types.ts";
import type { Platform } from "../oci/platform.ts";
import { readIndex } from "../store/read-documents.ts";
import type { ReadableStore } from "../store/store.ts";
import { type Origin, type ProvenanceKeys, readOrigin } from "./records/origin.ts";

/** What a tag names before a push. Only `absent` means that there is nothing to protect. */
export type Published =
  | { readonly state: "absent" }
  | {
      readonly state: "present";
      readonly descriptor: Descriptor;
      /** Undefined when the tag names an image. */
      readonly document: Document<ImageIndex> | undefined;
      /** Its images, each with its platform; without attestations. */
      readonly images: readonly Descriptor[];
      /** How the images were made. */
      readonly origins: readonly PublishedImage[];
      /** What the tag named before, as far as the index remembers, the latest first. */
      readonly history: readonly PreviousIndex[];
    }
  | { readonly state: "unreadable"; readonly error: unknown };

/** An image that is published, with how it was made. */
export interface PublishedImage {
  readonly digest: Digest;
  readonly platform: Platform;
  readonly origin: Origin;
}

/** An index that was published before. `absent` means that the store has it no longer. */
export type PreviousIndex = { readonly digest: Digest } & (
  | { readonly state: "present"; readonly images: readonly Digest[] }
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly error: unknown }
);

/** Options of {@link readPublished}. */
export interface PublishedOptions extends ReadOptions {
  readonly keys?: ProvenanceKeys | undefined;
}

/**
 * Reads what a tag names, and what it named before. Throws only when it is aborted. The result is `absent` if the
 * store has no such tag, and `unreadable` after any other failure, for example when the store has lost a child of
 * the index.
 */
export async function readPublished(
  store: ReadableStore,
  tag: string,
  options: PublishedOptions = {},
): Promise<Published> {
  let descriptor: Descriptor;
  try {
    descriptor = await store.resolve(tag, options);
  } catch (error) {
    throwIfAborted(options.signal, `${store.name}:${tag}`);
    return isOciError(error, "not-found") ? { state: "absent" } : { state: "unreadable", error };
  }
  try {
    const isIndex = isIndexType(descriptor.mediaType);
    const document = isIndex ? await readIndex(store, descriptor, options) : undefined;
    const { images } = await listImages(store, descriptor, options);
    const origins: PublishedImage[] = [];
    for (const image of images) origins.push(await readOriginOf(store, image, options));
    const history = await readHistory(store, document, options);
    return { state: "present", descriptor, document, images, origins, history };
  } catch (error) {
    throwIfAborted(options.signal, `${store.name}:${tag}`);
    return { state: "unreadable", error };
  }
}

async function readOriginOf(
  store: ReadableStore,
  entry: Descriptor,
  options: PublishedOptions,
): Promise<PublishedImage> {
  const image = await readImage(store, entry, options);
  const platform = entry.platform ?? platformOf(image.config.value);
  return { digest: entry.digest, platform, origin: readOrigin(image, options.keys) };
}

/** What an index remembers. @throws OciError `unreadable` for a record that is no list of digests */
export async function readHistory(
  store: ReadableStore,
  document: Document<ImageIndex> | undefined,
  options: ReadOptions,
): Promise<readonly PreviousIndex[]> {
  const history: PreviousIndex[] = [];
  for (const digest of previousIndexes(document?.value.annotations, store.name)) {
    history.push(await readPrevious(store, digest, options));
  }
  return history;
}

async function readPrevious(
  store: ReadableStore,
  digest: Digest,
  options: ReadOptions,
): Promise<PreviousIndex> {
  try {
    const descriptor = await store.resolve(digest, options);
    const { images } = await listImages(store, descriptor, options);
    return { digest, state: "present", images: images.map((image) => image.digest) };
  } catch (error) {
    throwIfAborted(options.signal, `${store.name}@${digest}`);
    if (isOciError(error, "not-found")) return { digest, state: "absent" };
    return { digest, state: "unreadable", error };
  }
}

/** The digest that the tag names, if that is known. */
export function digestOf(published: Published): Digest | undefined {
  return published.state === "present" ? published.descriptor.digest : undefined;
}

/** Whether two readings found the same. Two failures never count as the same. */
export function isUnchanged(before: Published, after: Published): boolean {
  if (before.state === "present" && after.state === "present") {
    return before.descriptor.digest === after.descriptor.digest;
  }
  return before.state === "absent" && after.state === "absent";
}

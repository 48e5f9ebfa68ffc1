// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { type Image, readImage } from "../image/image.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { type ErrorCode, isOciError } from "../oci/errors.ts";
import { isIndexType, isManifestType } from "../oci/media-types.ts";
import { readIndex, readManifest } from "../store/read-documents.ts";
import type { ContentStore, ReadableStore } from "../store/store.ts";
import { imageNote, layerNote } from "./input-key.ts";
import type { StoredLayer } from "../store/layer-output.ts";

// What makes an old image useless for taking anything over; what could not be asked is no answer, and thrown.
const USELESS: readonly ErrorCode[] = [
  "not-found",
  "unsupported-media-type",
  "invalid-manifest",
  "invalid-config",
  "invalid-json",
  "digest-mismatch",
  "size-mismatch",
  "truncated",
];

/** The image that the tag names now; undefined when there is none that anything can be taken from. */
export async function findPrevious(
  target: ReadableStore,
  tag: string,
  options: AbortOptions,
): Promise<Image | undefined> {
  try {
    return await readImage(target, await target.resolve(tag, options), options);
  } catch (error) {
    if (isOciError(error, ...USELESS)) return undefined;
    throw error;
  }
}

/**
 * Whether the image is the one that was made from the inputs that the key names, and all of it is there:
 * its note holds for that key and for what the image is now, so that no edit of it goes unseen.
 */
export async function isComplete(
  image: Image,
  key: Digest,
  options: AbortOptions,
): Promise<boolean> {
  const { value } = image.manifest;
  if (value.annotations?.[AnnotationKey.inputKey] !== imageNote(key, value)) return false;
  for (const layer of value.layers) {
    if (!(await image.store.exists(layer, options))) return false;
  }
  return true;
}

/** Finds the layer of an old image that was made under a key. */
export type FindReusable = (key: Digest) => StoredLayer | undefined;

/**
 * The layers of the old image that are still there, by the keys they were made under. A layer's note
 * has to hold for the key, and for the layer as it is now.
 */
export async function reusableLayers(
  image: Image | undefined,
  options: AbortOptions,
): Promise<FindReusable> {
  const candidates: { readonly note: string; readonly layer: StoredLayer }[] = [];
  const diffIds = image?.config.value.rootfs.diff_ids ?? [];
  for (const [at, descriptor] of (image?.manifest.value.layers ?? []).entries()) {
    const note = descriptor.annotations?.[AnnotationKey.layerKey];
    if (note === undefined || !(await image!.store.exists(descriptor, options))) continue;
    const { mediaType, digest, size } = descriptor;
    candidates.push({
      note,
      layer: { descriptor: { mediaType, digest, size }, diffId: diffIds[at]! },
    });
  }
  return (key) => candidates.find(({ note, layer }) => note === layerNote(key, layer))?.layer;
}

/**
 * Removes what only the old image needed, from a store that lists its roots and can remove content.
 * Other images in the store keep all that is theirs.
 */
export async function removeReplaced(
  target: ContentStore,
  old: Image | undefined,
  options: AbortOptions,
): Promise<void> {
  const { roots, remove } = target.capabilities;
  if (old === undefined || roots === undefined || remove === undefined) return;
  const kept = new Set<Digest>();
  for (const root of await roots(options)) await keep(target, root, kept, options);
  if (kept.has(old.descriptor.digest)) return;
  const { config, layers } = old.manifest.value;
  for (const { digest } of [old.descriptor, config, ...layers]) {
    if (!kept.has(digest)) await remove(digest, options);
  }
}

async function keep(
  store: ReadableStore,
  descriptor: Descriptor,
  kept: Set<Digest>,
  options: AbortOptions,
): Promise<void> {
  if (kept.has(descriptor.digest)) return;
  kept.add(descriptor.digest);
  if (isIndexType(descriptor.mediaType)) {
    const { value } = await readIndex(store, descriptor, options);
    for (const child of value.manifests) await keep(store, child, kept, options);
  } else if (isManifestType(descriptor.mediaType)) {
    const { value } = await readManifest(store, descriptor, options);
    for (const child of [value.config, ...value.layers]) kept.add(child.digest);
  }
}

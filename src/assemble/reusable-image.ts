// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { type Image, readImage } from "../image/image.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { isOciError } from "../oci/errors.ts";
import type { StoredLayer } from "../store/layer-output.ts";
import type { ReadableStore } from "../store/store.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import { imageNote, layerNote } from "./input-key.ts";
import { DAMAGED } from "./replaced-image.ts";

/** The earlier image, whose layers may be reused; undefined if it is not an image or is damaged. */
export async function readReusable(
  store: ReadableStore,
  descriptor: Descriptor | undefined,
  options: AbortOptions,
): Promise<Image | undefined> {
  if (descriptor === undefined) return undefined;
  try {
    return await readImage(store, descriptor, options);
  } catch (error) {
    if (isOciError(error, "unsupported-media-type", ...DAMAGED)) return undefined;
    throw error;
  }
}

/**
 * Whether the image was made from the inputs that the key identifies and is complete. Its note must be
 * valid for that key and for the image as it is now, so any edit is noticed.
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

/** Finds the layer of an earlier image that was made under a key. */
export type FindReusable = (key: Digest) => StoredLayer | undefined;

/**
 * The layers of the earlier image that still exist, by the keys they were made under. A layer's note must
 * be valid for its key and for the layer as it is now.
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

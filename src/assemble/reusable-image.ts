// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { type Image, readImage } from "../image/image.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { isOciError } from "../oci/errors.ts";
import type { StoredLayer } from "../store/layer-output.ts";
import type { ReadableStore } from "../store/store.ts";
import { ANNOTATIONS } from "./annotations.ts";
import { DAMAGED } from "./replaced-image.ts";

/** The image that layers may be taken over from; undefined when it is none, or damaged. */
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

/** Whether the image was made from the inputs that the key names, and all of it is there. */
export async function isComplete(
  image: Image,
  key: Digest,
  options: AbortOptions,
): Promise<boolean> {
  const { manifest, store } = image;
  if (manifest.value.annotations?.[ANNOTATIONS.inputKey] !== key) return false;
  for (const layer of manifest.value.layers) {
    if (!(await store.exists(layer, options))) return false;
  }
  return true;
}

/** The layers of an image that we made and that are still there, by their keys. */
export async function reusableLayers(
  image: Image | undefined,
  options: AbortOptions,
): Promise<ReadonlyMap<string, StoredLayer>> {
  const reusable = new Map<string, StoredLayer>();
  if (image === undefined) return reusable;
  const diffIds = image.config.value.rootfs.diff_ids;
  for (const [at, descriptor] of image.manifest.value.layers.entries()) {
    const key = descriptor.annotations?.[ANNOTATIONS.layerKey];
    if (key === undefined || !(await image.store.exists(descriptor, options))) continue;
    const { mediaType, digest, size } = descriptor;
    reusable.set(key, { descriptor: { mediaType, digest, size }, diffId: diffIds[at]! });
  }
  return reusable;
}

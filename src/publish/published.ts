// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../bytes/abort.ts";
import type { ReadOptions } from "../image/image.ts";
import { listImages } from "../image/list-images.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isOciError } from "../oci/errors.ts";
import type { ReadableStore } from "../store/store.ts";

/** What a tag names before a push replaces it. Only `absent` means that there is nothing to protect. */
export type Published =
  | { readonly state: "absent" }
  | {
      readonly state: "present";
      readonly descriptor: Descriptor;
      /** Its images, each with its platform; attestations are none. */
      readonly images: readonly Descriptor[];
    }
  | { readonly state: "unreadable"; readonly error: unknown };

/**
 * Reads what a tag names. Never throws but when aborted: a store that has no such tag is `absent`; every
 * other failure, a child that its index lists and the store has lost among them, is `unreadable`.
 */
export async function readPublished(
  store: ReadableStore,
  tag: string,
  options: ReadOptions = {},
): Promise<Published> {
  let descriptor: Descriptor;
  try {
    descriptor = await store.resolve(tag, options);
  } catch (error) {
    throwIfAborted(options.signal, `${store.name}:${tag}`);
    return isOciError(error, "not-found") ? { state: "absent" } : { state: "unreadable", error };
  }
  try {
    const { images } = await listImages(store, descriptor, options);
    return { state: "present", descriptor, images };
  } catch (error) {
    throwIfAborted(options.signal, `${store.name}:${tag}`);
    return { state: "unreadable", error };
  }
}

/** Whether two readings saw the same. Two failures are not. */
export function isUnchanged(before: Published, after: Published): boolean {
  if (before.state === "present" && after.state === "present") {
    return before.descriptor.digest === after.descriptor.digest;
  }
  return before.state === "absent" && after.state === "absent";
}

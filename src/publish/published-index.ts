// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../bytes/abort.ts";
import type { ReadOptions } from "../image/image.ts";
import { listImages } from "../image/list-images.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isOciError } from "../oci/errors.ts";
import type { ReadableStore } from "../store/store.ts";

/** What a tag names before a push. Only `absent` means that there is nothing to protect. */
export type Published =
  | { readonly state: "absent" }
  | {
      readonly state: "present";
      readonly descriptor: Descriptor;
      /** Its images, each with its platform; without attestations. */
      readonly images: readonly Descriptor[];
    }
  | { readonly state: "unreadable"; readonly error: unknown };

/**
 * Reads what a tag names. Throws only when it is aborted. The result is `absent` if the store has no such
 * tag, and `unreadable` after any other failure, for example when the store has lost a child of the index.
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

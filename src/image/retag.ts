// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { parseTag } from "../oci/reference.ts";
import type { ContentStore } from "../store/store.ts";

/**
 * Sets a tag to the image or index that another tag or a digest names. Its bytes stay the same. In a registry
 * this gets the manifest and puts it under the new tag; no blob is transferred. Idempotent.
 * @throws OciError `not-found` when the source is not there, `invalid-reference` for a malformed tag
 */
export async function retag(
  store: ContentStore,
  source: string,
  tag: string,
  options: AbortOptions = {},
): Promise<Descriptor> {
  const name = parseTag(tag);
  const descriptor = await store.resolve(source, options);
  await store.tag(descriptor, name, options);
  return descriptor;
}

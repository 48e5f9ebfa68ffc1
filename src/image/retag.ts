// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { parseTag } from "../oci/reference.ts";
import type { ContentStore } from "../store/store.ts";

/**
 * Lets a tag name what another tag, or a digest, names: an image or an index, its bytes unchanged. Of a
 * registry this asks for the manifest and puts it back under the new name; no blob is touched. Idempotent.
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

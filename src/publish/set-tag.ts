// SPDX-License-Identifier: MIT
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isOciError } from "../oci/errors.ts";
import { pushTagged } from "../store/push-tagged.ts";
import type { ContentStore, TagOptions } from "../store/store.ts";

/**
 * Makes a tag name an index, unless it names something else by now than the options say. Idempotent: what another
 * process made the same is no obstacle. What a layout's `index.json` says of a tag is not taken from an older entry.
 * @param bytes those of an index that the store lacks, which is stored with its tag, in one step where the store can
 * @throws OciError `changed-meanwhile`; what the store throws
 */
export async function setTag(
  store: ContentStore,
  descriptor: Descriptor,
  tag: string,
  options: TagOptions,
  bytes?: Uint8Array,
): Promise<void> {
  const bare = { ...descriptor, annotations: undefined };
  try {
    if (bytes === undefined) await store.tag(bare, tag, options);
    else await pushTagged(store, { descriptor: bare, bytes }, tag, options);
  } catch (error) {
    if (!isOciError(error, "changed-meanwhile")) throw error;
    const now = await store.resolve(tag, { signal: options.signal });
    if (now.digest !== descriptor.digest) throw error;
  }
}

// SPDX-License-Identifier: MIT
import { sourceOf } from "../bytes/bytes.ts";
import type { Document } from "../oci/documents/document.ts";
import type { ContentStore, TagOptions } from "./store.ts";

/**
 * Stores a manifest or index, and makes a tag name it: in one step where the store can do that, so that a document which
 * may have tens of kilobytes is sent once.
 * @throws OciError what `push` and `tag` throw
 */
export async function pushTagged(
  target: ContentStore,
  { descriptor, bytes }: Pick<Document<unknown>, "descriptor" | "bytes">,
  tag: string,
  options: TagOptions = {},
): Promise<void> {
  const content = sourceOf(bytes);
  const { pushTagged: inOneStep } = target.capabilities;
  if (inOneStep !== undefined) return inOneStep(descriptor, content, tag, options);
  await target.push(descriptor, content, options);
  await target.tag(descriptor, tag, options);
}

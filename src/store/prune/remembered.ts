// SPDX-License-Identifier: MIT
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError } from "../../oci/errors.ts";
import { previousIndexes } from "../../oci/index-history.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { readIndex } from "../read-documents.ts";
import type { ReadableStore } from "../store.ts";
import type { ReachOptions } from "./reachable.ts";

/**
 * The indexes that these roots remember for a rollback: those that their tags named before, up to
 * `REMEMBERED_INDEXES` each. What those remember in turn does not count, or nothing would ever go.
 * @throws OciError `unreadable` for a record that is none; any error of reading but that it is not there
 */
export async function rememberedBy(
  store: ReadableStore,
  roots: Iterable<Descriptor>,
  options: ReachOptions,
): Promise<readonly Digest[]> {
  const remembered = new Set<Digest>();
  for (const root of roots) {
    if (!isIndexType(root.mediaType)) continue;
    try {
      const { annotations } = (await readIndex(store, root, options)).value;
      const where = `${store.name}@${root.digest}`;
      for (const digest of previousIndexes(annotations, where)) remembered.add(digest);
    } catch (error) {
      if (!isOciError(error, "not-found")) throw error;
    }
  }
  return [...remembered];
}

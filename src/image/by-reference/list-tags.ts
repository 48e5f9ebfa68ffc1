// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { OpenOptions } from "../open-reference.ts";
import { withSource, type Named } from "./with-reference.ts";

/** The tags of a store. */
export interface TagList {
  /** The store's name. */
  readonly store: string;
  /** In sorted order. */
  readonly tags: readonly string[];
}

/**
 * Lists the tags of the repository, layout or archive that a reference points into.
 * @throws OciError `unsupported-operation` for a store that can't list tags; whatever opening throws
 */
export function listTags(reference: Named, options: OpenOptions = {}): Promise<TagList> {
  return withSource(reference, options, async ({ store }) => {
    const list = store.capabilities.tags;
    if (list === undefined) {
      throw new OciError("unsupported-operation", `${store.name}: it can't list its tags`);
    }
    return { store: store.name, tags: await list(options) };
  });
}

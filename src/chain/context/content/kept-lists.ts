// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { digestEncoded, type Digest } from "../../../oci/digest.ts";
import { defaultCacheDirectory } from "../../../store/cache-directory.ts";
import { openKeptFiles } from "../../../store/kept-files.ts";
import { parseContextList, type ContextList, type ListedEntry } from "./context-list.ts";

/** Keeps the lists of contexts, so that a later difference can be told file by file. */
export interface KeptLists {
  /** Idempotent. What can't be written is not kept, which is no error. */
  keep(list: ContextList): Promise<void>;
  /** Undefined when the list, or a sound one, is not kept any more. */
  read(digest: Digest): Promise<readonly ListedEntry[] | undefined>;
}

/** Opens what is kept. Default: in `context-lists` of the user's cache directory, which is pruned as all of it is. */
export function openKeptLists(
  directory: string = join(defaultCacheDirectory(), "context-lists"),
): KeptLists {
  const kept = openKeptFiles(directory);
  return {
    keep: ({ digest, bytes }) => kept.write(digestEncoded(digest), bytes),
    async read(digest) {
      const bytes = await kept.read(digestEncoded(digest));
      try {
        return bytes && parseContextList({ digest, bytes });
      } catch {
        return undefined; // of another context
      }
    },
  };
}

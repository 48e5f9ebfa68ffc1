// SPDX-License-Identifier: MIT
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestEncoded, type Digest } from "../../../oci/digest.ts";
import { defaultCacheDirectory } from "../../../store/cache-directory.ts";
import { openDigestCache } from "../../../store/digest-cache.ts";
import { parseContextList, type ContextList, type ListedEntry } from "./context-list.ts";

/** Keeps the lists of contexts, so that a later difference can be told file by file. */
export interface KeptLists {
  /** Idempotent. What can't be written is not kept, which is no error. */
  keep(list: ContextList): Promise<void>;
  /** Undefined when the list, or a sound one, is not kept any more. */
  read(digest: Digest): Promise<readonly ListedEntry[] | undefined>;
}

const FILE = "list";

/** Opens what is kept. Default: in `context-lists` of the user's cache directory, which is pruned as all of it is. */
export function openKeptLists(
  directory: string = join(defaultCacheDirectory(), "context-lists"),
): KeptLists {
  const cache = openDigestCache(directory);
  return {
    async keep({ digest, bytes }) {
      try {
        await cache.getOrCreate(digestEncoded(digest), (fresh) =>
          writeFile(join(fresh, FILE), bytes),
        );
      } catch {
        // A later difference then names the context, and not its files.
      }
    },
    async read(digest) {
      try {
        const place = await cache.get(digestEncoded(digest));
        if (place === undefined) return undefined;
        return parseContextList({ digest, bytes: await readFile(join(place, FILE)) });
      } catch {
        return undefined;
      }
    },
  };
}

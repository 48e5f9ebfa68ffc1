// SPDX-License-Identifier: MIT
import type { ReadOptions } from "../../image/image.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError } from "../../oci/errors.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { readGraph } from "../../store/content-graph.ts";
import { readIndex } from "../../store/read-documents.ts";
import type { ContentStore } from "../../store/store.ts";

/**
 * What a store lacks of an index or image, by digest: manifests and blobs; of a manifest that is lost, only itself.
 * @throws whatever asking throws but a clear "not there"
 */
export async function findLost(
  store: ContentStore,
  root: Descriptor,
  options: ReadOptions = {},
): Promise<readonly Digest[]> {
  if (!isIndexType(root.mediaType)) return lostOf(store, root, options);
  const lost = new Set<Digest>();
  const index = await unlessLost(() => readIndex(store, root, options));
  if (index === undefined) return [root.digest];
  for (const child of index.value.manifests) {
    for (const digest of await findLost(store, child, options)) lost.add(digest);
  }
  return [...lost];
}

async function lostOf(
  store: ContentStore,
  root: Descriptor,
  { signal, limits }: ReadOptions,
): Promise<readonly Digest[]> {
  const graph = await unlessLost(() => readGraph(store, root, { signal, limits }));
  if (graph === undefined) return [root.digest];
  const lost: Digest[] = [];
  for (const blob of graph.blobs) {
    const isElsewhere = blob.urls !== undefined && blob.urls.length > 0;
    if (!isElsewhere && !(await store.exists(blob, { signal }))) lost.push(blob.digest);
  }
  return lost;
}

async function unlessLost<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  }
}

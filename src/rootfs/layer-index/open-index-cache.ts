// SPDX-License-Identifier: MIT
import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  digestEncoded,
  knownAlgorithm,
  parseDigest,
  parseDiffId,
  type DiffId,
  type Digest,
} from "../../oci/digest.ts";
import type { LayerIndexCache } from "./index-cache.ts";
import { LAYER_INDEX_VERSION } from "./serialised-index.ts";
import { openDigestCache } from "../../store/digest-cache.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";

const FILE = "index";

/**
 * Keeps layer indexes in a directory, in a file for each diffID and version of the serialised form. Default:
 * `layer-indexes` in the user's cache directory. A damaged index is replaced by the next one written.
 */
export function openLayerIndexCache(
  directory: string = join(defaultCacheDirectory(), "layer-indexes"),
): LayerIndexCache {
  const cache = openDigestCache(directory);
  const read = async (key: string): Promise<Uint8Array | undefined> => {
    const place = await cache.get(key);
    return place === undefined ? undefined : await readFile(join(place, FILE));
  };
  const write = async (key: string, bytes: Uint8Array): Promise<void> => {
    const place = await cache.getOrCreate(key, (fresh) => writeFile(join(fresh, FILE), bytes));
    await replaceFile(join(place, FILE), bytes);
  };
  return {
    read: async (diffId) => read(keyOf(diffId)),
    write: async (diffId, bytes) => write(keyOf(diffId), bytes),
    tables: {
      read: async (digest) => read(tableKey(digest)),
      write: async (digest, bytes) => write(tableKey(digest), bytes),
    },
    blobs: {
      read: async (digest) => {
        const bytes = await read(blobKey(digest));
        return bytes && parseDiffId(new TextDecoder().decode(bytes));
      },
      write: async (digest, diffId) => write(blobKey(digest), new TextEncoder().encode(diffId)),
    },
  };
}

function tableKey(digest: string): string {
  const parsed = parseDigest(digest);
  return `${knownAlgorithm(parsed)}-${digestEncoded(parsed)}-table`;
}

function blobKey(digest: Digest): string {
  return `${knownAlgorithm(digest)}-${digestEncoded(digest)}-diffid`;
}

function keyOf(diffId: DiffId): string {
  return `${knownAlgorithm(diffId)}-${digestEncoded(diffId)}-v${LAYER_INDEX_VERSION}`;
}

/** Rewrites the file if its content is not exactly these bytes. */
async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const kept = await readFile(file).catch(() => undefined);
  if (kept?.equals(bytes) === true) return;
  const temporary = `${file}.${randomUUID()}`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

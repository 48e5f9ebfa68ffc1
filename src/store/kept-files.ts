// SPDX-License-Identifier: MIT
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestBytes } from "../bytes/hash.ts";
import { openDigestCache } from "./digest-cache.ts";

/** Bytes that are kept to save time, by key. Nothing depends on them: what can't be read or written is not kept. */
export interface KeptFiles {
  /** Undefined when nothing is kept, or what is kept was damaged. Never throws. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Replaces what was kept. Idempotent. Never throws. */
  write(key: string, bytes: Uint8Array): Promise<void>;
}

const FILE = "content";

/** Opens what is kept in a directory of the cache. */
export function openKeptFiles(directory: string): KeptFiles {
  const cache = openDigestCache(directory);
  const read = async (key: string): Promise<Buffer | undefined> => {
    try {
      const place = await cache.get(key);
      return place === undefined ? undefined : proven(await readFile(join(place, FILE)));
    } catch {
      return undefined;
    }
  };
  return {
    read,
    async write(key, bytes) {
      if ((await read(key))?.equals(bytes) === true) return;
      try {
        const remove = await cache.setAside(key);
        await remove?.();
        await cache.getOrCreate(key, (fresh) => writeFile(join(fresh, FILE), withDigest(bytes)));
      } catch {
        // The next one who asks finds nothing.
      }
    },
  };
}

/** The digest of the bytes on a line, then the bytes. */
function withDigest(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${digestBytes(bytes)}\n`), bytes]);
}

function proven(file: Buffer): Buffer | undefined {
  const end = file.indexOf("\n");
  const bytes = file.subarray(end + 1);
  return file.toString("latin1", 0, Math.max(end, 0)) === digestBytes(bytes) ? bytes : undefined;
}

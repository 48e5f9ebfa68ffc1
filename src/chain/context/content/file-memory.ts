// SPDX-License-Identifier: MIT
import { realpathSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ByteString } from "../../../bytes/byte-string.ts";
import { digestBytes } from "../../../bytes/hash.ts";
import type { InodeStamp } from "../../../disk/disk-node.ts";
import { digestEncoded, digestOf, type Digest } from "../../../oci/digest.ts";
import { defaultCacheDirectory } from "../../../store/cache-directory.ts";
import { openDigestCache } from "../../../store/digest-cache.ts";

/** The digests of a context's files from the last time, so that a file that did not change is not read again. */
export interface FileMemory {
  /** Undefined when the file is not known, or is not the same inode with the same size and times any more. */
  get(path: ByteString, stamp: InodeStamp): Digest | undefined;
  /** `readAt`: when reading it began, in milliseconds since 1970. */
  set(path: ByteString, stamp: InodeStamp, digest: Digest, readAt: number): void;
  /**
   * Replaces what was kept by what was asked and set since the memory was opened. What can't be written is not kept,
   * which is no error: the next run reads more.
   */
  save(): Promise<void>;
}

const FILE = "files";
const VERSION = 1;
/**
 * In milliseconds. A file that changed this shortly before it was read may change again without a new time (file
 * systems have ticks of up to two seconds), so it is read again the next time.
 */
const YOUNG = 2000;

/** Opens what is kept of a directory. Default: in `context-files` of the user's cache directory. */
export async function openFileMemory(
  context: string,
  directory: string = join(defaultCacheDirectory(), "context-files"),
): Promise<FileMemory> {
  const cache = openDigestCache(directory);
  const place = digestBytes(new TextEncoder().encode(realpathSync(context)));
  const key = `v${VERSION}-${digestEncoded(place)}`;
  const kept = await read(cache.get(key));
  const now = new Map<string, string>();
  return {
    get(path, stamp) {
      const line = lineOf(path, stamp);
      const hex = kept.get(line);
      if (hex === undefined) return undefined;
      now.set(line, hex);
      return digestOf("sha256", hex);
    },
    set(path, stamp, digest, readAt) {
      if (Number(stamp.ctimeNs / 1_000_000n) > readAt - YOUNG) return;
      now.set(lineOf(path, stamp), digestEncoded(digest));
    },
    async save() {
      if (isSame(kept, now)) return;
      try {
        await (
          await cache.setAside(key)
        )?.();
        await cache.getOrCreate(key, (fresh) => writeFile(join(fresh, FILE), serialise(now)));
      } catch {
        // As said above.
      }
    },
  };
}

function lineOf(path: ByteString, { size, mtimeNs, ctimeNs, ino }: InodeStamp): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${ino} ${path}`;
}

/** All files that were asked for were known, and nothing else was kept. */
function isSame(kept: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  if (kept.size !== now.size) return false;
  for (const [line, hex] of now) if (kept.get(line) !== hex) return false;
  return true;
}

/** The digest of the JSON on a line, then the JSON. */
function serialise(files: ReadonlyMap<string, string>): Uint8Array {
  const json = Buffer.from(JSON.stringify([...files]));
  return Buffer.concat([Buffer.from(`${digestBytes(json)}\n`), json]);
}

/** What is missing, damaged or unreadable is as if nothing were kept. */
async function read(place: Promise<string | undefined>): Promise<ReadonlyMap<string, string>> {
  try {
    const directory = await place;
    if (directory === undefined) return new Map();
    const bytes = await readFile(join(directory, FILE));
    const end = bytes.indexOf("\n");
    const json = bytes.subarray(end + 1);
    if (bytes.toString("latin1", 0, Math.max(end, 0)) !== digestBytes(json)) return new Map();
    return new Map(JSON.parse(json.toString()) as [string, string][]);
  } catch {
    return new Map();
  }
}

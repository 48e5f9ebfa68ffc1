// SPDX-License-Identifier: MIT
import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ByteString } from "../../../bytes/byte-string.ts";
import { digestBytes } from "../../../bytes/hash.ts";
import type { InodeStamp } from "../../../disk/disk-node.ts";
import { digestEncoded, digestOf, type Digest } from "../../../oci/digest.ts";
import { defaultCacheDirectory } from "../../../store/cache-directory.ts";
import { openKeptFiles } from "../../../store/kept-files.ts";

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
  const files = openKeptFiles(directory);
  const place = digestBytes(new TextEncoder().encode(placeOf(context)));
  const key = `v${VERSION}-${digestEncoded(place)}`;
  const kept = parse(await files.read(key));
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
      if (!isSame(kept, now)) await files.write(key, serialise(now));
    },
  };
}

/** One path, whichever links lead there. Of a context that is not there nothing is kept: who reads it says so. */
function placeOf(context: string): string {
  try {
    return realpathSync(context);
  } catch {
    return resolve(context);
  }
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

function serialise(files: ReadonlyMap<string, string>): Uint8Array {
  return Buffer.from(JSON.stringify([...files]));
}

function parse(bytes: Uint8Array | undefined): ReadonlyMap<string, string> {
  if (bytes === undefined) return new Map();
  return new Map(JSON.parse(new TextDecoder().decode(bytes)) as [string, string][]);
}

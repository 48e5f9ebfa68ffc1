// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import { createHasher, type Hasher } from "../bytes/hash.ts";
import { HEAD_BYTES, headOf } from "./head.ts";

/** What an index keeps of a file's content. */
export interface FileFacts {
  /** The sha256; undefined for a file that is mostly a hole. */
  readonly hex: string | undefined;
  /** What {@link headOf} says of the first bytes. */
  readonly head: ByteString | undefined;
}

/** Takes what an index keeps of a file's content, one file after the other. */
export interface ContentReader {
  start(): void;
  data(chunk: Uint8Array): void;
  hole(length: number): void;
  /** Ends the file. */
  finish(): FileFacts;
}

/** Hashes files and keeps their first bytes. Of a file with more than `mostHoles` bytes of holes no digest is made: it could be terabytes. */
export function createContentReader(mostHoles: number): ContentReader {
  const zeros = new Uint8Array(64 * 1024);
  const first = new Uint8Array(HEAD_BYTES);
  let kept = 0;
  let holes = 0;
  let hasher: Hasher | undefined;
  const data = (chunk: Uint8Array): void => {
    hasher?.update(chunk);
    if (kept >= HEAD_BYTES) return;
    const part = chunk.subarray(0, HEAD_BYTES - kept);
    first.set(part, kept);
    kept += part.length;
  };
  return {
    start() {
      kept = 0;
      holes = 0;
      hasher = createHasher("sha256");
    },
    data,
    hole(length) {
      holes += length;
      if (holes > mostHoles) hasher = undefined;
      const told = hasher === undefined ? Math.min(length, HEAD_BYTES) : length;
      for (let left = told; left > 0; left -= zeros.length) data(zeros.subarray(0, left));
    },
    finish: () => ({ hex: hasher?.hex(), head: headOf(first.subarray(0, kept)) }),
  };
}

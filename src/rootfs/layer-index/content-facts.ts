// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { createHasher, hashBytes, type Hasher } from "../../bytes/hash.ts";
import { HEAD_BYTES, headOf } from "./file-head.ts";

/** What an index keeps of a file's content. */
export interface FileFacts {
  /** The sha256; undefined for a file that is mostly a hole. */
  readonly hex: string | undefined;
  /** What {@link headOf} returns for the first bytes. */
  readonly head: ByteString | undefined;
}

/** Collects what an index keeps of file contents, one file after the other. */
export interface ContentReader {
  /** Begins a file of `size` bytes. */
  start(size: number): void;
  data(chunk: Uint8Array): void;
  hole(length: number): void;
  /** Ends the file and returns what is kept of it. */
  finish(): FileFacts;
}

/**
 * Hashes files and keeps their first bytes. At most `mostHoles` bytes of holes are hashed in all files
 * together; a file beyond that gets no digest, since holes can be terabytes, in a thousand files.
 */
export function createContentReader(mostHoles: number): ContentReader {
  const zeros = new Uint8Array(64 * 1024);
  const first = new Uint8Array(HEAD_BYTES);
  let kept = 0;
  let holesLeft = mostHoles;
  let isHashed = true;
  let size = 0;
  let hex: string | undefined;
  let hasher: Hasher | undefined;
  const hash = (chunk: Uint8Array): void => {
    // Most files arrive as one chunk.
    if (chunk.length === size) hex = hashBytes(chunk, "sha256");
    else if (isHashed) (hasher ??= createHasher("sha256")).update(chunk);
  };
  const data = (chunk: Uint8Array): void => {
    hash(chunk);
    if (kept >= HEAD_BYTES) return;
    const part = chunk.subarray(0, HEAD_BYTES - kept);
    first.set(part, kept);
    kept += part.length;
  };
  return {
    start(bytes) {
      kept = 0;
      isHashed = true;
      size = bytes;
      hex = hasher = undefined;
    },
    data,
    hole(length) {
      if (length > holesLeft) isHashed = false;
      else holesLeft -= length;
      const told = isHashed ? length : Math.min(length, HEAD_BYTES);
      for (let left = told; left > 0; left -= zeros.length) data(zeros.subarray(0, left));
    },
    finish() {
      if (isHashed) hex ??= (hasher ?? createHasher("sha256")).hex();
      return { hex: isHashed ? hex : undefined, head: headOf(first.subarray(0, kept)) };
    },
  };
}

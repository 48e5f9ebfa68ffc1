// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import { DAMAGED_INDEX } from "./pass-cursor.ts";

/** Where the content of a file lies in the uncompressed tar of its layer. */
export interface StoredContent {
  /** Where its first stored byte is in the tar. */
  readonly offset: number;
  /**
   * What is stored there, one part right behind the other: where each part belongs in the file, and how
   * long it is, by turns and in ascending order. All else of the file is zeros. A file that is not sparse
   * has one part.
   */
  readonly extents: readonly number[];
}

/** Bytes stored of a content. */
export function storedLength({ extents }: StoredContent): number {
  let length = 0;
  for (let at = 1; at < extents.length; at += 2) length += extents[at]!;
  return length;
}

/**
 * Cuts a content of `size` bytes out of the tar of its layer, holes filled. The tar is read to its last
 * stored byte and no further, and nothing of it is parsed. `what` names the file in messages.
 * @throws OciError `invalid-layer` when the tar ends before
 */
export function cutContent(tar: Bytes, stored: StoredContent, size: number, what: string): Bytes {
  const { offset, extents } = stored;
  const bytes = cutRange(tar, offset, offset + storedLength(stored), what);
  return extents[1] === size ? bytes : fillHoles(bytes, extents, size);
}

async function* cutRange(tar: Bytes, start: number, end: number, what: string): Bytes {
  if (start === end) return;
  let base = 0;
  for await (const chunk of tar) {
    const part = chunk.subarray(Math.max(start - base, 0), end - base);
    if (part.length > 0) yield part;
    base += chunk.length;
    if (base >= end) return;
  }
  throw new OciError(
    "invalid-layer",
    `${what}: expected its content up to byte ${end} of its layer, as the index says, got ${base} bytes`,
    { hint: DAMAGED_INDEX },
  );
}

/** The stored parts of a sparse file where they belong. */
async function* fillHoles(stored: Bytes, extents: readonly number[], size: number): Bytes {
  let position = 0;
  let at = 0;
  for await (const chunk of stored) {
    for (let from = 0; from < chunk.length; at += 2) {
      const start = extents[at]!;
      yield* zeros(start - position);
      position = Math.max(position, start);
      const part = chunk.subarray(from, from + start + extents[at + 1]! - position);
      yield part;
      position += part.length;
      from += part.length;
      if (position < start + extents[at + 1]!) break;
    }
  }
  yield* zeros(size - position);
}

const ZEROS = new Uint8Array(65_536);

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= ZEROS.length) {
    yield left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS;
  }
}

// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import { DAMAGED_INDEX } from "./pass-cursor.ts";

/** Where the content of a file lies in the uncompressed tar of its layer. */
export interface StoredContent {
  /** Where the first stored byte is in the tar. */
  readonly offset: number;
  /**
   * The stored parts, which follow each other in the tar without a gap. For each part two numbers: where it
   * belongs in the file, and its length; ascending. The rest of the file is zeros. A file that is not sparse
   * has one part.
   */
  readonly extents: readonly number[];
}

/** How many bytes of the content are stored in the tar. */
export function storedLength({ extents }: StoredContent): number {
  let length = 0;
  for (let at = 1; at < extents.length; at += 2) length += extents[at]!;
  return length;
}

/**
 * Cuts a content of `size` bytes out of the tar of its layer and fills its holes with zeros. The tar is read
 * up to the last stored byte and no further, and is not parsed. `what` names the file in messages.
 * @throws OciError `invalid-layer` when the tar ends too early
 */
export function cutContent(tar: Bytes, stored: StoredContent, size: number, what: string): Bytes {
  const { offset } = stored;
  return fillHoles(cutRange(tar, offset, offset + storedLength(stored), what), stored, size);
}

/** Puts the stored parts of a file of `size` bytes where they belong, with zeros between them. */
export function fillHoles(bytes: Bytes, { extents }: StoredContent, size: number): Bytes {
  return extents[1] === size ? bytes : insertHoles(bytes, extents, size);
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

async function* insertHoles(stored: Bytes, extents: readonly number[], size: number): Bytes {
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

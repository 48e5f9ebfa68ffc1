// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { Bytes } from "../bytes.ts";
import { withStep } from "./chunk-steps.ts";

/** The bytes without the first `count`. For 0 the same object is returned. */
export function skip(bytes: Bytes, count: number): Bytes {
  return count === 0 ? bytes : withoutFirst(bytes, count);
}

async function* withoutFirst(bytes: Bytes, count: number): Bytes {
  let left = count;
  for await (const chunk of bytes) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

/** The first `count` bytes, or fewer if there are not so many. The bytes after them are not read. */
export async function* take(bytes: Bytes, count: number): Bytes & AsyncGenerator<Uint8Array> {
  let left = count;
  if (left <= 0) return;
  for await (const chunk of bytes) {
    yield chunk.length <= left ? chunk : chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/**
 * The same bytes, of which there must be exactly `length`. Never more are yielded, and they end normally only
 * after all of them.
 * @throws OciError while reading: `size-mismatch`
 */
export function exactly(bytes: Bytes, length: number, what: string): Bytes {
  let seen = 0;
  return withStep(bytes, {
    onChunk: (chunk) => {
      seen += chunk.length;
      if (seen > length) throw wrongLength(what, length, "more", seen);
      return chunk;
    },
    onEnd: () => {
      if (seen !== length) throw wrongLength(what, length, String(seen), seen);
      return undefined;
    },
  });
}

function wrongLength(what: string, expected: number, got: string, seen: number): OciError {
  return new OciError("size-mismatch", `${what}: expected ${expected} bytes, got ${got}`, {
    details: { expected, got: seen },
  });
}

// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import { verify } from "../bytes/verify.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { knownAlgorithm } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";

/**
 * What `fetch` of every store yields: from the start verified, from an offset of exactly the bytes
 * that are left.
 * @param open opens the content at the offset; called at the first `next()`
 * @throws OciError while reading: `invalid-argument` for an offset outside the content,
 * `unsupported-algorithm`, `size-mismatch`, `digest-mismatch`
 */
export async function* fetchVerified(
  descriptor: Descriptor,
  offset: number | undefined,
  what: string,
  open: (offset: number) => Bytes | Promise<Bytes>,
): Bytes & AsyncGenerator<Uint8Array> {
  knownAlgorithm(descriptor.digest);
  const start = offset ?? 0;
  if (!Number.isSafeInteger(start) || start < 0 || start > descriptor.size) {
    throw new OciError(
      "invalid-argument",
      `${what}: expected an offset from 0 to ${descriptor.size}, got ${start}`,
      { details: { offset: start, descriptor } },
    );
  }
  const bytes = await open(start);
  yield* start === 0
    ? verify(bytes, descriptor, { what })
    : exactly(bytes, descriptor.size - start, what);
}

async function* exactly(bytes: Bytes, length: number, what: string): Bytes {
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.length;
    if (seen > length) break;
    yield chunk;
  }
  if (seen === length) return;
  throw new OciError(
    "size-mismatch",
    `${what}: expected ${length} bytes from there to the end, got ${seen > length ? "more" : seen}`,
    { details: { expected: length, got: seen } },
  );
}

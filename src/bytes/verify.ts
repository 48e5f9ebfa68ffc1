// SPDX-License-Identifier: MIT
import { digestOf, knownAlgorithm } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { DiffId, Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import type { Bytes } from "./bytes.ts";
import { createHasher } from "./hash.ts";

/** What the bytes are called in an error: a path, a URL, "layer 3 of …". */
export interface VerifyOptions {
  readonly what?: string | undefined;
}

/**
 * The same bytes, checked against a descriptor as they pass. Nothing past `size` is yielded, and the stream
 * ends normally only when size and digest agree: a reader that reaches the end has verified content. At most
 * one chunk beyond `size` is read. A reader that stops early closes `bytes` and has verified nothing.
 * @throws OciError while reading: `size-mismatch`, `digest-mismatch`, `unsupported-algorithm`
 */
export async function* verify(
  bytes: Bytes,
  descriptor: Pick<Descriptor, "digest" | "size">,
  options: VerifyOptions = {},
): Bytes & AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  const what = options.what ?? "content";
  const algorithm = knownAlgorithm(digest);
  const hasher = createHasher(algorithm);
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.length;
    if (seen > size) throw sizeMismatch(what, descriptor, `more than ${size} bytes`, seen);
    if (chunk.length === 0) continue;
    hasher.update(chunk);
    yield chunk;
  }
  if (seen !== size) throw sizeMismatch(what, descriptor, `${seen} bytes`, seen);
  const got = digestOf(algorithm, hasher.hex());
  if (got !== digest) {
    throw new OciError("digest-mismatch", `${what}: expected digest ${digest}, got ${got}`, {
      details: { expected: digest, got, size },
      hint: "The content was damaged or replaced where it is stored or on its way; fetch it again.",
    });
  }
}

function sizeMismatch(
  what: string,
  descriptor: Pick<Descriptor, "digest" | "size">,
  got: string,
  seen: number,
): OciError {
  const { digest, size } = descriptor;
  return new OciError("size-mismatch", `${what}: expected ${size} bytes of ${digest}, got ${got}`, {
    details: { digest, expected: size, got: seen },
    hint:
      seen < size
        ? "The content was cut short where it is stored or on its way; fetch it again."
        : "The content is not what its descriptor says.",
  });
}

/**
 * The same bytes, checked against a layer's diffID as they pass. `bytes` is the uncompressed tar. The stream
 * ends normally only when the digest agrees.
 * @throws OciError while reading: `diff-id-mismatch`, `unsupported-algorithm`
 */
export async function* verifyDiffId(
  bytes: Bytes,
  diffId: DiffId,
  options: VerifyOptions = {},
): Bytes & AsyncGenerator<Uint8Array> {
  const algorithm = knownAlgorithm(diffId);
  const hasher = createHasher(algorithm);
  for await (const chunk of bytes) {
    hasher.update(chunk);
    yield chunk;
  }
  requireDiffId(digestOf(algorithm, hasher.hex()), diffId, options);
}

/** @throws OciError `diff-id-mismatch` when the digest of an uncompressed tar is not its layer's diffID */
export function requireDiffId(got: Digest, diffId: DiffId, options: VerifyOptions): void {
  if ((got as string) === diffId) return;
  throw new OciError(
    "diff-id-mismatch",
    `${options.what ?? "layer"}: expected diffID ${diffId}, got ${got}`,
    {
      details: { expected: diffId, got },
      hint: "The image's configuration describes another layer than its manifest.",
    },
  );
}

// SPDX-License-Identifier: MIT
import { digestOf, knownAlgorithm } from "../oci/digest.ts";
import type { DiffId, Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import type { Bytes } from "./bytes.ts";
import { createHasher } from "./hash.ts";
import type { VerifyOptions } from "./verify.ts";

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

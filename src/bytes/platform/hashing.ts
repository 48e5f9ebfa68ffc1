// SPDX-License-Identifier: MIT
import type { DigestAlgorithm } from "../../oci/digest.ts";

/** A digest being computed, chunk by chunk. */
export interface Hasher {
  update(chunk: Uint8Array): void;
  /** The digest as lower-case hex. Ends the hasher: call it once. */
  hex(): string;
}

/** How a platform computes digests: what the import `#hashing` stands for (see `imports` in package.json). */
export interface Hashing {
  readonly createHasher: (algorithm: DigestAlgorithm) => Hasher;
  /** The digest of bytes in memory as lower-case hex. */
  readonly hashBytes: (bytes: Uint8Array, algorithm: DigestAlgorithm) => string;
}

// SPDX-License-Identifier: MIT
import { createHash, hash } from "node:crypto";
import type { Hashing } from "./hashing.ts";

/** Digests by `node:crypto`: 7 to 12 times as fast as `@noble/hashes`. */
export const hashing: Hashing = {
  createHasher(algorithm) {
    const state = createHash(algorithm);
    return {
      update: (chunk) => void state.update(chunk),
      hex: () => state.digest("hex"),
    };
  },
  // Measured: 500 bytes take half the time that a hasher takes for them, 20 KiB the same time.
  hashBytes: (bytes, algorithm) => hash(algorithm, bytes, "hex"),
};

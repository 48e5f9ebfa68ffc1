// SPDX-License-Identifier: MIT
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Hasher, Hashing } from "./hashing.ts";
import type { DigestAlgorithm } from "../../oci/digest.ts";

/** Digests by `@noble/hashes`, for browsers: their own `crypto.subtle` takes no stream. */
export const hashing: Hashing = {
  createHasher,
  hashBytes(bytes, algorithm) {
    const hasher = createHasher(algorithm);
    hasher.update(bytes);
    return hasher.hex();
  },
};

function createHasher(algorithm: DigestAlgorithm): Hasher {
  const state = algorithm === "sha256" ? sha256.create() : sha512.create();
  return {
    update: (chunk) => void state.update(chunk),
    hex: () => bytesToHex(state.digest()),
  };
}

// SPDX-License-Identifier: MIT
import { hashing } from "#hashing";
import { digestOf } from "../oci/digest.ts";
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import type { Hasher } from "./platform/hashing.ts";

export type { Hasher };

/** Starts a digest: by `node:crypto`, and in a bundle for browsers by `@noble/hashes`. */
export const createHasher: (algorithm: DigestAlgorithm) => Hasher = hashing.createHasher;

/** The digest of bytes in memory as lower-case hex. */
export const hashBytes: (bytes: Uint8Array, algorithm: DigestAlgorithm) => string =
  hashing.hashBytes;

/** The digest of bytes in memory, sha256 unless another algorithm is named. */
export function digestBytes(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  return digestOf(algorithm, hashBytes(bytes, algorithm));
}

// Node's own method. It takes any Uint8Array, not only a Buffer, and writes a digest in a sixth of the time.
const hexSlice = (
  globalThis as {
    Buffer?: { prototype: { hexSlice: (this: Uint8Array, from: number, to: number) => string } };
  }
).Buffer?.prototype.hexSlice;

/** The bytes from `start` to `end` as lower-case hex. */
export function toHex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return hexSlice?.call(bytes, start, end) ?? toHexAnywhere(bytes, start, end);
}

/** {@link toHex} without Node: what browsers get, and what tests compare {@link toHex} with. */
export function toHexAnywhere(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += 1) text += bytes[at]!.toString(16).padStart(2, "0");
  return text;
}

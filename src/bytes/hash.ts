// SPDX-License-Identifier: MIT
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { digestOf } from "../oci/digest.ts";
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";

/** A digest being computed, chunk by chunk. */
export interface Hasher {
  update(chunk: Uint8Array): void;
  /** The digest as lower-case hex. Ends the hasher: call it once. */
  hex(): string;
}

// The one place that asks whether this is Node. `node:crypto` is 7 to 12 times faster than @noble/hashes.
const crypto = (
  globalThis as { process?: Partial<Pick<NodeJS.Process, "getBuiltinModule">> }
).process?.getBuiltinModule?.("node:crypto");

/** Starts a digest: by `node:crypto` where Node is, else by `@noble/hashes`. */
export function createHasher(algorithm: DigestAlgorithm): Hasher {
  if (crypto === undefined) return createPortableHasher(algorithm);
  const hash = crypto.createHash(algorithm);
  return {
    update: (chunk) => void hash.update(chunk),
    hex: () => hash.digest("hex"),
  };
}

/** The hasher that needs no Node: what browsers get, and the tests' second opinion. */
export function createPortableHasher(algorithm: DigestAlgorithm): Hasher {
  const hash = algorithm === "sha256" ? sha256.create() : sha512.create();
  return {
    update: (chunk) => void hash.update(chunk),
    hex: () => toHex(hash.digest()),
  };
}

// Node's own, which takes any Uint8Array: a digest in a sixth of the time.
const hexSlice = (
  globalThis as {
    Buffer?: { prototype: { hexSlice: (this: Uint8Array, from: number, to: number) => string } };
  }
).Buffer?.prototype.hexSlice;

/** The bytes from `start` to `end` as lower-case hex. */
export function toHex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return hexSlice?.call(bytes, start, end) ?? toHexAnywhere(bytes, start, end);
}

/** {@link toHex} without Node: what browsers get, and the tests' second opinion. */
export function toHexAnywhere(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += 1) text += bytes[at]!.toString(16).padStart(2, "0");
  return text;
}

/**
 * The digest of bytes in memory as lower-case hex. For 500 bytes in half the time that a hasher takes,
 * for 20 KiB in the same.
 */
export function hashBytes(bytes: Uint8Array, algorithm: DigestAlgorithm): string {
  if (crypto !== undefined) return crypto.hash(algorithm, bytes, "hex");
  const hasher = createHasher(algorithm);
  hasher.update(bytes);
  return hasher.hex();
}

/** The digest of bytes in memory, sha256 unless told. */
export function digestBytes(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  return digestOf(algorithm, hashBytes(bytes, algorithm));
}

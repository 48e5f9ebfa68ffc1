// SPDX-License-Identifier: MIT
/**
 * Streams of bytes: single-use {@link Bytes} and re-openable sources, hashing, verification,
 * compression, and the one adapter to Node's streams.
 * @module
 */
export * from "./byte-string.ts";
export * from "./bytes.ts";
export * from "./chain-id.ts";
export * from "./cut-bytes.ts";
export * from "./streams/channel.ts";
export * from "./compression.ts";
export * from "./describe.ts";
export { createHasher, digestBytes } from "./hash.ts";
export type { Hasher } from "./hash.ts";
export * from "./streams/node-stream.ts";
export * from "./streams/read-all.ts";
export { isVerified, observe, verify } from "./verify.ts";
export type { BytesObserver, ContentId, VerifiedBytes, VerifyOptions } from "./verify.ts";
export * from "./verify-diff-id.ts";

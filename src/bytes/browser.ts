// SPDX-License-Identifier: MIT
/**
 * What `oci-kit/bytes` is for a bundle under the condition `browser`: all but the adapter to Node's
 * streams. It hashes with `@noble/hashes` and decompresses gzip of one member; other compression throws
 * `unsupported-compression`.
 * @module
 */
export * from "./byte-string.ts";
export * from "./bytes.ts";
export * from "./chain-id.ts";
export * from "./streams/cut-bytes.ts";
export * from "./streams/channel.ts";
export * from "./compression.ts";
export * from "./describe-content.ts";
export { formatBytes } from "./format-bytes.ts";
export * from "./level/compression-choice.ts";
export * from "./level/choose-level.ts";
export { createHasher, digestBytes } from "./hash.ts";
export type { Hasher } from "./hash.ts";
export * from "./streams/read-all.ts";
export { isVerified, observe, verify } from "./verify.ts";
export type { BytesObserver, ContentId, VerifiedBytes, VerifyOptions } from "./verify.ts";
export * from "./verify-diff-id.ts";

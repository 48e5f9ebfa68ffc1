// SPDX-License-Identifier: MIT
/**
 * Streams of bytes: single-use {@link Bytes} and re-openable sources, hashing, verification,
 * compression, and the one adapter to Node's streams.
 * @module
 */
export * from "./browser.ts";
export * from "./streams/node-stream.ts";

// SPDX-License-Identifier: MIT
/**
 * What an unpacked directory can't hold itself, kept beside it; and the proof that nothing is lost.
 * @module
 */
export * from "./open-unpacked.ts";
export * from "../proof/prove.ts";
export * from "./unpack-record.ts";
export * from "../proof/verify-directory.ts";

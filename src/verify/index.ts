// SPDX-License-Identifier: MIT
/**
 * Checks of root filesystems: whether the compiler links end where they should, and whether programs would start.
 * @module
 */
export * from "./find-root-filesystems.ts";
export * from "./format-report.ts";
export * from "./link-report.ts";
export * from "./verify-links.ts";
export * from "./verify-roots.ts";
export * from "./closure/closure-report.ts";
export { verifyClosure, type VerifyClosureOptions } from "./closure/verify-closure.ts";

// SPDX-License-Identifier: MIT
/**
 * The tree on a real disk: a plain directory read as a root filesystem, with its sidecar where it has one.
 * @module
 */
export * from "./directory.ts";
export { parseIdRange } from "./inode/id-map.ts";
export * from "./open-root-filesystem.ts";
export * from "./proof/prove.ts";
export * from "./proof/verify-against.ts";
export * from "./proof/verify-directory.ts";
export * from "./sidecar/open-unpacked.ts";
export * from "./sidecar/unpack-record.ts";
export * from "./xattrs/environment-labels.ts";
export type { XattrCalls } from "./xattrs/xattr-calls.ts";

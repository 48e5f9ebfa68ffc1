// SPDX-License-Identifier: MIT
/**
 * A directory on a real disk, read as a root filesystem: plain, or unpacked from an image with its sidecar.
 * @module
 */
export * from "./directory.ts";
export { parseIdRange } from "./inode/id-map.ts";
export * from "./look/compare-references.ts";
export * from "./look/look-at-reference.ts";
export * from "./open-root-filesystem.ts";
export * from "./proof/prove.ts";
export * from "./proof/verify-against.ts";
export * from "./proof/verify-directory.ts";
export * from "./sidecar/open-unpacked.ts";
export * from "./sidecar/unpack-record.ts";
export * from "./xattrs/environment-labels.ts";
export type { XattrCalls } from "./xattrs/xattr-calls.ts";

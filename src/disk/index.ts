// SPDX-License-Identifier: MIT
/**
 * The tree on a real disk: a plain directory read as a root filesystem, and where layer indexes are kept.
 * @module
 */
export * from "../convert/kept/conversions.ts";
export * from "./directory.ts";
export * from "./xattrs/environment-labels.ts";
export { openLayerDirectory, type LayerDirectoryOptions } from "../convert/layer-directory.ts";
export * from "../rootfs/layer-index/open-index-cache.ts";
export * from "./open-root-filesystem.ts";
export * from "./sidecar/index.ts";
export * from "../convert/unpack/unpack-options.ts";
export { unpack } from "../convert/unpack/unpack.ts";
export type { XattrCalls } from "./xattrs/read-xattrs.ts";

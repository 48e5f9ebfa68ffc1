// SPDX-License-Identifier: MIT
/**
 * The tree on a real disk: a plain directory read as a root filesystem, and where layer indexes are kept.
 * @module
 */
export * from "./conversions/conversions.ts";
export * from "./directory.ts";
export * from "./environment-labels.ts";
export { openLayerDirectory, type LayerDirectoryOptions } from "./layer-directory.ts";
export * from "./layer-index-cache.ts";
export * from "./open-root-filesystem.ts";
export * from "./sidecar/index.ts";
export * from "./unpack/unpack-options.ts";
export { unpack } from "./unpack/unpack.ts";
export type { XattrCalls } from "./xattrs.ts";

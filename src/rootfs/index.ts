// SPDX-License-Identifier: MIT
/**
 * The merged filesystem of an image as a tree, paths resolved inside its root, and what the first
 * bytes of an executable say. Pure: runs without Node.
 * @module
 */
export * from "./compare-nodes.ts";
export {
  compareTrees,
  formatDifference,
  type CompareTreesOptions,
  type Comparison,
  type Difference,
} from "./compare-trees.ts";
export * from "./elf.ts";
export { exportTree, type ExportTreeOptions } from "./export-tree.ts";
export * from "./flatten-image.ts";
export * from "./glob.ts";
export * from "./image-filesystem.ts";
export type { IndexProgress } from "./index-layers.ts";
export * from "./layer-index-cache.ts";
export { LAYER_INDEX_VERSION } from "./layer-index-format.ts";
export * from "./resolve.ts";
export * from "./root-filesystem.ts";
export * from "./walk-filesystem.ts";

// SPDX-License-Identifier: MIT
/**
 * The merged filesystem of an image: its tree, paths resolved inside its root, comparison of two trees,
 * export as a tar, and the indexes of layers with their cache.
 * @module
 */
export * from "./compare/compare-nodes.ts";
export {
  compareTrees,
  formatDifference,
  type CompareTreesOptions,
  type Comparison,
  type Difference,
} from "./compare/compare-trees.ts";
export type { ContentLocation } from "./contents/content-plan.ts";
export { nameImage, type LayerSource } from "./contents/open-layer-tar.ts";
export { exportTree, type ExportTreeOptions } from "./export/export-tree.ts";
export * from "./export/export-reference.ts";
export * from "./export/flatten-image.ts";
export * from "./export/flatten-reference.ts";
export * from "./glob.ts";
export * from "./image-filesystem.ts";
export type { IndexProgress } from "./layer-index/image-indexes.ts";
export * from "./layer-index/index-cache.ts";
export * from "./layer-index/open-index-cache.ts";
export { LAYER_INDEX_VERSION } from "./layer-index/serialised-index.ts";
export * from "./look/describe-entries.ts";
export * from "./look/find-entries.ts";
export * from "./look/history-of-reference.ts";
export * from "./look/image-history.ts";
export * from "./look/layer-filesystem.ts";
export * from "./look/list-entries.ts";
export * from "./look/look-up.ts";
export * from "./look/path-history.ts";
export * from "./resolve-path.ts";
export * from "./root-filesystem.ts";
export * from "./walk-filesystem.ts";
export { explainImages, type ExplainOptions } from "./why/explain-images.ts";
export * from "./why/explain-references.ts";
export type { Reason, ReasonCase, ReasonCode } from "./why/reason.ts";

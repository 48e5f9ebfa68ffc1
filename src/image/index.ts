// SPDX-License-Identifier: MIT
/**
 * Images and indexes as views of a store: references opened, platforms chosen, indexes made, tags moved.
 * @module
 */
export * from "./by-reference/copy-reference.ts";
export * from "./by-reference/copy-tags.ts";
export {
  deleteReference,
  type DeletedReference,
  type DeleteReferenceOptions,
} from "./by-reference/delete-reference.ts";
export { describeReference, type DescribedReference } from "./by-reference/describe-reference.ts";
export * from "./by-reference/edit-reference.ts";
export * from "./by-reference/inspect-reference.ts";
export * from "./by-reference/list-catalog.ts";
export * from "./by-reference/list-referrers.ts";
export {
  listTaggedRoots,
  listTags,
  type TaggedRoot,
  type TaggedRootList,
  type TagList,
} from "./by-reference/list-tags.ts";
export * from "./by-reference/rebase-reference.ts";
export * from "./by-reference/retag-reference.ts";
export {
  withImage,
  withSource,
  withTarget,
  type Named,
  type SourceOptions,
  type Target,
  type TargetOptions,
  type WrittenTo,
} from "./by-reference/with-reference.ts";
export * from "./compare-configs.ts";
export * from "./edit/append-layer.ts";
export * from "./edit/edit-config.ts";
export * from "./edit/edit-images.ts";
export * from "./find-image.ts";
export { makeConfig, makeManifest, type ManifestParts } from "./edit/image-document.ts";
export { checkSeconds, formatCreated, parseRfc3339 } from "./edit/history.ts";
export * from "./edit/image-view.ts";
export * from "./image.ts";
export * from "./index-document.ts";
export * from "./edit/layer-file.ts";
export * from "./list-images.ts";
export * from "./location.ts";
export * from "./only-root.ts";
export * from "./open-reference.ts";
export * from "./edit/rebase-image.ts";
export * from "./retag.ts";
export * from "./edit/write-image.ts";
export * from "./referrers/copy-referrers.ts";
export * from "./rewrite/copy-rewritten.ts";
export { IMAGE_FORMATS, type ImageFormat } from "./rewrite/image-format.ts";
export type { RewriteWish } from "./rewrite/plan-rewrite.ts";
export * from "./tag-patterns.ts";
export { openPrevious } from "./open-previous.ts";
export { spoolPlaceBeside } from "./spool-place.ts";

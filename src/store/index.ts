// SPDX-License-Identifier: MIT
/**
 * Content stores: an OCI layout directory, memory, and OCI and docker archives, all under one contract, with
 * the operations that work on each of them: copying, walking the content graph, garbage collection. Also the
 * cache of directories by digest.
 * @module
 */
export * from "./cache.ts";
export * from "./cache-directory.ts";
export { sweepCacheDaily } from "./sweep-cache.ts";
export * from "./cache-item.ts";
export { collectGarbage, isBeingWritten } from "./prune/collect-garbage.ts";
export { pruneRepository } from "./prune/prune-repository.ts";
export type {
  PrunableStore,
  PrunedRepository,
  PruneRepositoryOptions,
} from "./prune/prune-repository.ts";
export { UNTAGGED_AGE, type UntaggedManifest } from "./prune/repository-garbage.ts";
export type { CollectOptions, Collected } from "./prune/collect-garbage.ts";
export * from "./content-graph.ts";
export * from "./copy/copy-error.ts";
export * from "./copy/copy.ts";
export * from "./copy/transfer.ts";
export { describeReferrer, type Referrer } from "./referrers/describe-referrer.ts";
export * from "./digest-cache.ts";
export * from "./referrers/search-referrers.ts";
export * from "./archive/docker-archive.ts";
export * from "./referrers/find-referrers.ts";
export * from "./layout/layout.ts";
export * from "./memory-store.ts";
export * from "./archive/oci-archive.ts";
export { storedContent } from "./read-content.ts";
export * from "./read-documents.ts";
export * from "./store.ts";
export { completeUpload } from "./upload.ts";
export type { Upload, UploadState, Uploads } from "./upload.ts";
export type { LayoutUpload, LayoutUploads } from "./layout/layout-uploads.ts";
export { verifyContent } from "./verify-content.ts";
export type { ContentFinding, VerifiedContent, VerifyContentOptions } from "./verify-content.ts";

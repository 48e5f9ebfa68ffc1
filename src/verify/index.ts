// SPDX-License-Identifier: MIT
/**
 * Checks of root filesystems and images: whether the compiler links end where they should, whether programs
 * would start, and whether an image is whole and would run.
 * @module
 */
export * from "./find-root-filesystems.ts";
export * from "./link-report.ts";
export * from "./verify-links.ts";
export * from "./verify-roots.ts";
export * from "./closure/closure-report.ts";
export { verifyClosure, type VerifyClosureOptions } from "./closure/verify-closure.ts";
export { openFactsCache, type FactsCache } from "./facts/facts-cache.ts";
export { openVerdictCache, type VerdictCache, type VerdictSubject } from "./facts/verdict-cache.ts";
export type * from "./image/further-checks.ts";
export type * from "./image/examined-image.ts";
export type * from "./image/image-report.ts";
export { listCounts } from "./image/image-report.ts";
export type { VerifyProgress } from "./image/verify-progress.ts";
export { openReportCache, type ReportCache } from "./image/report-cache.ts";
export { verifyImage, type VerifyImageOptions } from "./image/verify-image.ts";
export { verifyImages, type VerifyImagesOptions } from "./image/verify-images.ts";
export type * from "./policies/policy.ts";
export { createPolicyChecks, type PoliciesFor } from "./policies/policy-checks.ts";
export type { PolicyFindingCode, PolicyKind } from "./policy-report.ts";
export * from "./verify-targets.ts";

// SPDX-License-Identifier: MIT
/**
 * The stages that a family of images is built in: the graph and its images as plain values, what is pinned and
 * recorded, whether each image was built from what its parent is now, what would be built; what a stage is made of,
 * and whether that changed; and driving BuildKit for those that compile.
 * @module
 */
export { buildCommand } from "./buildkit/builders/build-command.ts";
export type { Builder } from "./buildkit/builders/builder.ts";
export * from "./buildkit/builders/builder-choice.ts";
export { findBuilder, type FindBuilderOptions } from "./buildkit/builders/find-builder.ts";
export * from "./buildkit/builders/prune-builder.ts";
export * from "./buildkit/places/free-disk.ts";
export * from "./buildkit/places/stage-sizes.ts";
export * from "./buildkit/places/temporary-context.ts";
export { provePlatform, type ProvePlatformOptions } from "./buildkit/platforms/prove-platform.ts";
export { formatCommand, type ShellCommand } from "./buildkit/process/shell-command.ts";
export type * from "./buildkit/progress/build-event.ts";
export { archiveLogs } from "./buildkit/progress/stage-log.ts";
export type { FailedStep } from "./buildkit/progress/step-table.ts";
export * from "./buildkit/push/push-built.ts";
export type * from "./buildkit/request/build-request.ts";
export { BuildError, type BuildFailure, type FailedPart } from "./buildkit/run/build-error.ts";
export { build, planBuild, type BuildOptions, type BuildOutcome } from "./buildkit/run/build.ts";
export type { BuiltImage } from "./buildkit/run/built-image.ts";
export * from "./graph/declaration.ts";
export { buildHostOf } from "./graph/build-host.ts";
export { BUILT_IN_VARIABLES, type GraphChoice } from "./graph/built-in-variables.ts";
export { checkChain } from "./graph/check-chain.ts";
export { makeGraph } from "./graph/make-graph.ts";
export { indexesLeftOut, selectUnits, type UnitSelection } from "./graph/select-units.ts";
export * from "./graph/stage-graph.ts";
export { layoutOf } from "./graph/unit-layout.ts";
export { changedStages, checkVariantRun, type VariantRun } from "./graph/variant-run.ts";
export type { ChainImage, PresentImage } from "./images/chain-image.ts";
export { openLayoutImages, openRepositoryImages, type ImageSource } from "./images/image-source.ts";
export { provenanceKeys, type ProvenanceKeys } from "./images/provenance-keys.ts";
export { digestIn, readRecord, type RecordedDigest } from "./images/read-record.ts";
export type { ComparedLayout, LayoutState } from "./layouts/compare-layout.ts";
export { linksOf, type ChainLink } from "./links/chain-links.ts";
export { compareLink, type ComparedLink, type LinkState } from "./links/compare-link.ts";
export { chainPage } from "./picture/chain-page.ts";
export { freshnessOf, type UnitFreshness } from "./picture/unit-freshness.ts";
export { drawChain } from "./picture/draw-chain.ts";
export { formatLock, parseLock, type ChainLock, type LockedUnit } from "./pins/chain-lock.ts";
export { LOCK_FILE, lockPath, readLock, writeLock } from "./pins/lock-file.ts";
export { pinOf, provenanceOf, resolvePin, type Pin } from "./pins/resolve-pin.ts";
export { githubMatrix, type GithubMatrix } from "./plan/github-matrix.ts";
export * from "./plan/plan-chain.ts";
export { findLeftContexts } from "./prune/left-contexts.ts";
export { findSpareLayouts, type SpareLayouts } from "./prune/spare-layouts.ts";
export * from "./verify-chain.ts";
export * from "./context/content/context-list.ts";
export * from "./context/content/file-memory.ts";
export * from "./context/content/hash-context.ts";
export * from "./context/ignore/ignore-matcher.ts";
export * from "./context/ignore/open-ignore-file.ts";
export * from "./context/ignore/read-ignore-file.ts";
export * from "./context/walk/context-entry.ts";
export * from "./context/walk/context-size.ts";
export * from "./context/walk/saved-export.ts";
export * from "./context/walk/walk-context.ts";
export * from "./context/content/kept-lists.ts";
export * from "./context/dockerfile/read-dockerfile.ts";
export * from "./context/key/explain-inputs.ts";
export * from "./context/key/format-difference.ts";
export * from "./context/key/input-key.ts";
export * from "./context/key/input-record.ts";
export { explainStage, type ExplainedUnit } from "./run/explain-stage.ts";
export { judgeInputs } from "./run/judge-inputs.ts";
export { planRun, type PlannedWork } from "./run/plan-run.ts";
export { runChain, type ChainRun } from "./run/run-chain.ts";
export type * from "./run/place/run-options.ts";
export type { MadeUnit, UnitEnd } from "./run/place/unit-end.ts";
export type * from "./run/status/chain-status.ts";
export { isRunning, readStatus, STATUS_FILE } from "./run/status/status-file.ts";
export type { InputChange } from "./run/units/explain-unit.ts";

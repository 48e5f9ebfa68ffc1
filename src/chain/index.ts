// SPDX-License-Identifier: MIT
/**
 * The chain of stages of an image family: what a stage is made of, whether that changed, and driving BuildKit for those
 * that compile.
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

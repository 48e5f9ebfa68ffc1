// SPDX-License-Identifier: MIT
/**
 * The chain of stages that makes a family of images. Driving BuildKit for those that compile: requests as plain values,
 * builders, progress, logs, and what a build needs around it.
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

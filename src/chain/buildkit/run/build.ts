// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { systemReason } from "../../../files/system-error.ts";
import { buildCommand } from "../builders/build-command.ts";
import type { Builder } from "../builders/builder.ts";
import { withTemporaryContext } from "../places/temporary-context.ts";
import type { BuildEvent } from "../progress/build-event.ts";
import { followSteps, type StepFollower } from "../progress/follow-steps.ts";
import { hideSecrets } from "../progress/hide-secrets.ts";
import { readRawJson } from "../progress/read-rawjson.ts";
import { openStageLog } from "../progress/stage-log.ts";
import type { BuildRequest } from "../request/build-request.ts";
import { checkRequest } from "../request/check-request.ts";
import type { ShellCommand } from "../process/shell-command.ts";
import { readBuiltImage, type BuiltImage } from "./built-image.ts";
import { exchangeCaches, usableCaches } from "./exchange-caches.ts";
import { judgeFailure } from "./judge-failure.ts";
import { takeOutput } from "./take-output.ts";
import { runCommand, type ProgramEnd } from "../process/run-command.ts";

/** Options of {@link build}. */
export interface BuildOptions extends AbortOptions {
  /** The name of the stage: for messages, the log and temporary names. */
  readonly stage: string;
  /** Where contexts that live for one stage are, see `defaultContextsDirectory`. */
  readonly contexts: string;
  /** The directory of the stages' logs. Without it none is kept. */
  readonly logs?: string | undefined;
  readonly onProgress?: ((event: BuildEvent) => void) | undefined;
}

/** What a build made. */
export interface BuildOutcome extends BuiltImage {
  readonly milliseconds: number;
  readonly steps: number;
  /** How many of the steps the builder had in its cache. */
  readonly cachedSteps: number;
  /** The file with the whole log, if one is kept. */
  readonly log?: string | undefined;
  /** What went wrong beside the build: progress that could not be read, a log that could not be written. */
  readonly remarks: readonly string[];
}

/**
 * Builds one stage. What decides is the program's exit status and the digest of what it made, never its progress: one
 * that breaks off fails no build. The output appears when it is whole. When the signal fires, or this process dies,
 * the build is ended too. Building again after a failure is safe, and reuses what the builder has.
 * @throws BuildError `build-failed`; OciError `aborted`, `invalid-argument`, `not-found`, `missing-input`,
 * `unsupported-operation`, `already-exists` for the output, `digest-mismatch`
 */
export async function build(
  builder: Builder,
  request: BuildRequest,
  options: BuildOptions,
): Promise<BuildOutcome> {
  checkRequest(request);
  const started = performance.now();
  return withTemporaryContext(options.contexts, options.stage, async (directory) => {
    const metadataFile = join(directory, "metadata.json");
    const output = takeOutput(request.output);
    const caches = exchangeCaches(request);
    try {
      const placed = { ...request, ...caches.request, output: output.request };
      const command = buildCommand(builder, placed, metadataFile);
      const progress = await runBuild(command, request, options);
      const image = await readBuiltImage(request.output, output.place, metadataFile);
      await output.keep();
      caches.keep();
      return { ...image, ...progress, milliseconds: performance.now() - started };
    } finally {
      await output.discard();
      await caches.discard();
    }
  });
}

type BuildProgress = Pick<BuildOutcome, "steps" | "cachedSteps" | "log" | "remarks">;

async function runBuild(
  command: ShellCommand,
  request: BuildRequest,
  options: BuildOptions,
): Promise<BuildProgress> {
  const { stage, logs, signal, onProgress } = options;
  const hide = hideSecrets(request.secrets ?? []);
  const log = logs === undefined ? undefined : openStageLog(logs, stage);
  const texts: string[] = [];
  let broken = 0;
  const onEvent = (event: BuildEvent): void => {
    log?.write(event);
    onProgress?.(event);
  };
  const steps = followSteps(onEvent, hide);
  const reader = readRawJson({
    onStatus: (status) => {
      if (status.broken > 0) broken += 1;
      steps.take(status);
    },
    onText: (line) => {
      const text = hide(line);
      if (texts.push(text) > KEPT_TEXTS) texts.shift();
      onEvent({ kind: "remark", text });
    },
    onBroken: () => {
      broken += 1;
      if (broken === 1) onEvent({ kind: "progress-broken" });
    },
  });
  try {
    const onStderr = (chunk: Uint8Array): void => reader.push(chunk);
    const end = await runCommand(command, { what: stage, signal, onStderr });
    reader.end();
    steps.end();
    if (end.status !== 0) throw failure(stage, end, steps, texts, log?.path);
    const remarks = remarksOf(broken, log?.failure());
    const { known } = steps.count();
    return { steps: known, cachedSteps: steps.cached(), log: log?.path, remarks };
  } finally {
    log?.close();
  }
}

const KEPT_TEXTS = 20;

function failure(
  stage: string,
  end: ProgramEnd,
  steps: StepFollower,
  texts: readonly string[],
  log: string | undefined,
): Error {
  return judgeFailure({ stage, end, step: steps.failed(), texts, log });
}

function remarksOf(broken: number, log: unknown): string[] {
  return [
    ...(broken === 0 ? [] : [`${broken} lines of the builder's progress could not be read`]),
    ...(log === undefined ? [] : [`the log is not whole: ${systemReason(log)}`]),
  ];
}

/**
 * The command that {@link build} would run, but for temporary names: what a dry run prints.
 * @throws OciError `unsupported-operation` for what this builder can't do
 */
export function planBuild(
  builder: Builder,
  request: BuildRequest,
  options: BuildOptions,
): ShellCommand {
  const metadataFile = join(options.contexts, options.stage, "metadata.json");
  const cacheFrom = usableCaches(request.cacheFrom);
  return buildCommand(builder, { ...request, cacheFrom }, metadataFile);
}

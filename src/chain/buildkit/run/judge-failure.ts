// SPDX-License-Identifier: MIT
import { escapeText } from "../../../bytes/byte-string.ts";
import type { FailedStep } from "../progress/step-table.ts";
import { BuildError, type FailedPart } from "./build-error.ts";
import type { ProgramEnd } from "../process/run-command.ts";

/** What is known of a build that failed. */
export interface FailedBuild {
  readonly stage: string;
  readonly end: ProgramEnd;
  readonly step: FailedStep | undefined;
  /** What the program printed besides its progress, the last lines. Secrets are hidden. */
  readonly texts: readonly string[];
  readonly log: string | undefined;
}

// Only what BuildKit itself says of a step that gets or sends something is read here, never what a step printed: a
// compiler that writes "429" is no registry that asks to wait.
const TRANSIENT = [
  /\bcode = Unavailable\b/,
  /\bcode = DeadlineExceeded\b/,
  /\bunexpected status (?:code|from) [^\n]{0,2000}: (?:408|429|500|502|503|504)\b/,
  /\bfailed with status: (?:408|429|500|502|503|504)\b/,
  /\b(?:connection reset by peer|connection refused|broken pipe|unexpected EOF)\b/,
  /\b(?:i\/o timeout|TLS handshake timeout|Client\.Timeout exceeded|no such host|server misbehaving)\b/,
  /\bTemporary failure in name resolution\b/,
];
const SHOWN_LINES = 10;

/** The error for a build that failed: which step, what it said last, and whether to try again. */
export function judgeFailure({ stage, end, step, texts, log }: FailedBuild): BuildError {
  const part = step === undefined ? "builder" : partOf(step.name);
  const said = step?.error ?? texts.join("\n");
  const transient = part !== "step" && TRANSIENT.some((pattern) => pattern.test(said));
  const where =
    step === undefined ? "the builder" : `step ${step.number}, ${escapeText(step.name)}`;
  const reason =
    step === undefined ? describeEnd(end) : escapeText(step.error.split("\n", 1)[0] ?? "");
  const last = (step?.lines.length ?? 0) > 0 ? step!.lines : texts;
  const lines = last.slice(-SHOWN_LINES).map((line) => `\n    ${escapeText(line)}`);
  const message = `${stage}: ${where}: ${reason}${lines.join("")}`;
  return new BuildError(message, {
    part,
    transient,
    step,
    log,
    hint: hintFor(part, transient, log),
  });
}

/** BuildKit names its own steps: those of a Dockerfile are numbered, as `[stage 2/5] RUN make`. */
function partOf(name: string): FailedPart {
  if (/^(?:exporting|pushing|sending|writing) /.test(name)) return "export";
  if (/^\[(?:[^\]\s]{1,200} ){0,3}\d+\/\d+\] (?!FROM )/.test(name)) return "step";
  return "source";
}

function describeEnd({ status, signal }: ProgramEnd): string {
  return signal === undefined ? `ended with status ${status}` : `was ended by ${signal}`;
}

function hintFor(
  part: FailedPart,
  transient: boolean,
  log: string | undefined,
): string | undefined {
  const read = log === undefined ? "" : ` The whole log is in ${log}.`;
  if (transient) return `It may work when it is tried again: what was built so far is kept.${read}`;
  if (part === "builder") return `Does the builder run, and is it the right one?${read}`;
  return read === "" ? undefined : read.trim();
}

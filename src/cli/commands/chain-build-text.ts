// SPDX-License-Identifier: MIT
import { formatCommand } from "../../chain/buildkit/process/shell-command.ts";
import type { ContextSize } from "../../chain/context/walk/context-size.ts";
import type { PlannedWork } from "../../chain/run/plan-run.ts";
import type { ChainRun } from "../../chain/run/run-chain.ts";
import type { UnitEnd } from "../../chain/run/place/unit-end.ts";
import { toText } from "../../bytes/byte-string.ts";
import { shortDigest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { Outcome } from "../command.ts";
import { contextText } from "../output/context-text.ts";
import { count, table } from "../../report/text/format.ts";

/** A run for programs. */
export function runDocument({ runId, resumed, place, result, units }: ChainRun): object {
  return { runId, resumed, place, result, units: units.map(unitDocument) };
}

function unitDocument(end: UnitEnd): object {
  const { unit, word, reasons } = end;
  const head = {
    image: unit.id,
    stage: unit.stage,
    architecture: unit.architecture,
    tag: unit.tag,
  };
  if ("digest" in end) {
    const { digest, pins, log } = end;
    return { ...head, status: word, digest, builtFrom: pins, log, reasons };
  }
  if (word !== "failed") return { ...head, status: word, reasons };
  const { error } = end;
  const told = error instanceof OciError ? { code: error.code, hint: error.hint } : {};
  return { ...head, status: word, ...told, reasons };
}

/** A run for people: a line an image, then what failed and why, then the sum. */
export function runLines(run: ChainRun): readonly string[] {
  const { place, units, runId, resumed } = run;
  const failed = units.filter(({ word }) => word === "failed");
  const goesOn = resumed ? ", going on where it was interrupted" : "";
  return [
    ...table(units.map(row)),
    ...failed.flatMap(failureLines),
    `${place}: run ${runId}${goesOn}: ${count(units.length, "image")}: ${sum(units)}`,
  ];
}

function row(end: UnitEnd): string[] {
  const digest = "digest" in end ? shortDigest(end.digest) : "-";
  const [first = ""] = (end.reasons[0] ?? "").split("\n", 1);
  const more = end.reasons.length > 1 ? ` (and ${end.reasons.length - 1} more)` : "";
  return [end.word, end.unit.id, digest, end.word === "failed" ? "see below" : `${first}${more}`];
}

function failureLines(end: UnitEnd): string[] {
  if (end.word !== "failed") return [];
  const hint = end.error instanceof OciError ? end.error.hint : undefined;
  const message = end.reasons.join("\n").split("\n");
  return [...message, ...(hint === undefined ? [] : [`  hint: ${hint}`])];
}

function sum(units: readonly UnitEnd[]): string {
  const numbers = new Map<string, number>();
  for (const { word } of units) numbers.set(word, (numbers.get(word) ?? 0) + 1);
  if (numbers.size === 1 && numbers.has("kept")) return "nothing to do, nothing has changed";
  return [...numbers].map(([word, number]) => `${number} ${word}`).join(", ");
}

/** What a dry run prints: what would be done and why, with each command, and how much BuildKit would be sent. */
export function plannedOutcome(
  planned: readonly PlannedWork[],
  configuration: string | undefined,
): Pick<Outcome, "document" | "lines"> {
  const number = planned.filter(({ action }) => action !== "keep").length;
  return {
    document: {
      dryRun: true,
      units: planned.map(({ unit, action, reasons, command, context }) => ({
        image: unit.id,
        stage: unit.stage,
        architecture: unit.architecture,
        tag: unit.tag,
        action,
        reasons,
        command: command && formatCommand(command),
        context: context && contextDocument(context),
      })),
      configuration,
    },
    lines: [
      ...planned.flatMap(plannedLines),
      number === 0
        ? `nothing to do: ${count(planned.length, "image")} to keep`
        : `${number} of ${count(planned.length, "image")} would be made`,
    ],
  };
}

function plannedLines({ unit, action, reasons, command, context }: PlannedWork): string[] {
  return [
    `${action} ${unit.id}: ${reasons.join("; ")}`,
    ...(context === undefined ? [] : [`  context ${contextText(context)}`]),
    ...(command === undefined ? [] : [`  ${formatCommand(command)}`]),
  ];
}

/** How much a context is, for programs. */
export function contextDocument(size: ContextSize): object {
  const { files, directories, others, bytes, largestFiles, largestDirectories } = size;
  const named = (large: ContextSize["largestFiles"]): object[] =>
    large.map((one) => ({ path: toText(one.path), bytes: one.bytes }));
  return {
    files,
    directories,
    others,
    bytes,
    largestFiles: named(largestFiles),
    largestDirectories: named(largestDirectories),
  };
}

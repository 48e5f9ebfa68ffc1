// SPDX-License-Identifier: MIT
import { githubMatrix } from "../../chain/plan/github-matrix.ts";
import { type InputVerdict, planChain, type PlannedUnit } from "../../chain/plan/plan-chain.ts";
import { judgeInputs } from "../../chain/run/judge-inputs.ts";
import type { ChainReading } from "../../chain/verify-chain.ts";
import { OciError } from "../../oci/errors.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { Outcome, Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { count, table } from "../../report/text/format.ts";
import { formatJson } from "../output/terminal-text.ts";
import { type PlaceFlags, planOptions } from "./chain-build.ts";
import { chooseChain, type ChosenChain, leftOut, readChosen, unasked } from "./chain-graph.ts";

/** The flags of `oci-kit chain plan`. */
export interface PlanFlags extends PlaceFlags {
  readonly why?: string;
  readonly offline?: true;
  readonly format?: "text" | "github";
}

/** Runs `oci-kit chain plan`. */
export async function plan(flags: PlanFlags, session: Session): Promise<Outcome> {
  const chosen = await chooseChain(flags, session, "chain plan");
  if (flags.why !== undefined) {
    checkWhyAlone(flags);
    const { why } = await import("./chain-why.ts");
    return why(flags.why, flags, chosen, session);
  }
  const { reading, verdicts } = await look(flags, chosen, session);
  const { source, units } = planChain(reading, verdicts);
  const matrix = githubMatrix({ source, units });
  const lines =
    flags.format === "github"
      ? Object.entries(matrix).map(([name, value]) => `${name}=${formatJson(value as object)}`)
      : [...table(units.map(row)), summary(source, units)];
  return {
    status: DONE,
    document: {
      source,
      units: units.map(({ unit, action, reasons }) => ({
        image: unit.id,
        stage: unit.stage,
        architecture: unit.architecture,
        tag: unit.tag,
        runsOn: formatPlatform(unit.runsOn),
        action,
        reasons,
      })),
      github: matrix,
      configuration: chosen.configuration.file,
    },
    lines,
    notices: flags.format === "github" ? [] : [...leftOut(chosen), ...hints(units, verdicts)],
  };
}

/** @throws OciError for what says nothing about one stage, and would be ignored */
function checkWhyAlone({ from, to, only, offline, format }: PlanFlags): void {
  const others = { from, to, only, offline, format: format === "github" || undefined };
  const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
  if (other === undefined) return;
  throw new OciError(
    "invalid-argument",
    `--why: expected one stage, by itself or with --arch, got --${other} as well`,
    { hint: "Without --why, oci-kit chain plan takes it." },
  );
}

/** What to do where inputs could not be compared, which decides: each way out once, however many images it is for. */
function hints(units: readonly PlannedUnit[], verdicts: Looked["verdicts"]): string[] {
  const found = units.flatMap(({ unit, action }) => {
    const verdict = action === "unknown" ? verdicts.get(unit.id) : undefined;
    return verdict?.state === "unknown" && verdict.hint !== undefined ? [verdict.hint] : [];
  });
  return [...new Set(found)];
}

interface Looked {
  readonly reading: ChainReading;
  readonly verdicts: ReadonlyMap<string, InputVerdict>;
}

/** What is published, and what the files here would make of it. */
async function look(flags: PlanFlags, chosen: ChosenChain, session: Session): Promise<Looked> {
  if (flags.offline === true) {
    return { reading: unasked(chosen, "--offline"), verdicts: new Map() };
  }
  const reading = await readChosen(chosen, session, { push: flags.push });
  const options = planOptions(flags, chosen, session);
  return { reading, verdicts: await judgeInputs(chosen.graph, reading, options) };
}

function row({ unit, action, reasons }: PlannedUnit): string[] {
  const texts = new Set(reasons.map(({ message }) => message.split("\n", 1)[0]!));
  return [action, unit.id, [...texts].join("; ")];
}

function summary(source: string, units: readonly PlannedUnit[]): string {
  const number = (action: PlannedUnit["action"]): number =>
    units.filter((one) => one.action === action).length;
  const unknown = number("unknown");
  const parts = [`${number("build")} to build`, `${number("keep")} to keep`];
  if (unknown > 0) parts.push(`${unknown} unknown`);
  return `${source}: ${count(units.length, "image")}: ${parts.join(", ")}`;
}

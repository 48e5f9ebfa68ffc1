// SPDX-License-Identifier: MIT
import { githubMatrix } from "../../chain/plan/github-matrix.ts";
import { planChain, type PlannedUnit } from "../../chain/plan/plan-chain.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { Outcome, Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { count, table } from "../output/format.ts";
import { formatJson } from "../output/terminal-text.ts";
import type { PlaceFlags } from "./chain-build.ts";
import { chooseChain, readChosen, unasked } from "./chain-graph.ts";

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
    const { why } = await import("./chain-why.ts");
    return why(flags.why, flags, chosen, session);
  }
  const reading =
    flags.offline === true ? unasked(chosen, "--offline") : await readChosen(chosen, session);
  const { source, units } = planChain(reading);
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
  };
}

function row({ unit, action, reasons }: PlannedUnit): string[] {
  return [action, unit.id, reasons.map(({ message }) => message).join("; ")];
}

function summary(source: string, units: readonly PlannedUnit[]): string {
  const number = (action: PlannedUnit["action"]): number =>
    units.filter((one) => one.action === action).length;
  const unknown = number("unknown");
  const parts = [`${number("build")} to build`, `${number("keep")} to keep`];
  if (unknown > 0) parts.push(`${unknown} unknown`);
  return `${source}: ${count(units.length, "image")}: ${parts.join(", ")}`;
}

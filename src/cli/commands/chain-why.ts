// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { InputDifference } from "../../chain/context/key/explain-inputs.ts";
import { formatDifference, formatUncovered } from "../../chain/context/key/format-difference.ts";
import { type ExplainedUnit, explainStage } from "../../chain/run/explain-stage.ts";
import type { Outcome, Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { count } from "../../report/text/format.ts";
import { contextText } from "../output/context-text.ts";
import { contextDocument } from "./chain-build-text.ts";
import { type PlaceFlags, placeOptions } from "./chain-build.ts";
import type { ChosenChain } from "./chain-graph.ts";

/** Runs `oci-kit chain plan --why STAGE`: what a stage is made of, against what it was made of. */
export async function why(
  stage: string,
  flags: PlaceFlags,
  chosen: ChosenChain,
  session: Session,
): Promise<Outcome> {
  const { architectures } = chosen.selection;
  const options = { ...placeOptions(flags, chosen, session), architectures };
  const units = await explainStage(chosen.graph, stage, options);
  return {
    status: DONE,
    document: {
      stage,
      units: units.map(({ unit, action, reasons, change, context }) => ({
        image: unit.id,
        action,
        reasons,
        ...change,
        differences: change.differences?.map(differenceDocument),
        context: contextDocument(context),
      })),
      configuration: chosen.configuration.file,
    },
    lines: units.flatMap(unitLines),
  };
}

function differenceDocument(difference: InputDifference): object {
  return difference.kind === "file"
    ? { ...difference, path: toText(difference.path) }
    : { ...difference };
}

function unitLines(explained: ExplainedUnit): string[] {
  const { unit, change, context } = explained;
  const { previous, now, differences, uncovered } = change;
  return [
    `${unit.id}: ${verdict(explained)}`,
    ...(differences ?? []).map((one) => `  ${formatDifference(one)}`),
    ...uncovered.map((one) => `  ${formatUncovered(one)}`),
    ...(previous !== undefined && differences === undefined && previous !== now
      ? ["  the record of last time is not on this machine: what differs can't be told"]
      : []),
    `  context ${contextText(context)}`,
  ];
}

/** What a run would do, and why. What differs, file by file, is said below it. */
function verdict({ unit, action, reasons, change }: ExplainedUnit): string {
  const { previous, now, differences, uncovered } = change;
  if (action === "keep") return `${reasons.join("; ")}: it is kept`;
  if (action === "retag") return `${reasons.join("; ")}: an image of it gets the tag ${unit.tag}`;
  if (action === "push") return `${reasons.join("; ")}: it is pushed as it was built`;
  const [place] = reasons.filter((reason) => reason.startsWith(`${unit.tag} `));
  if (place !== undefined) return `${place}: it is built`;
  if (previous === undefined) return "nothing is recorded of last time: it is built";
  if (previous === now) {
    return uncovered.length > 0
      ? "nothing that can be told has changed, and it is built all the same"
      : `${reasons.join("; ")}: it is built`;
  }
  return differences === undefined
    ? "it is made of something else than last time: it is built"
    : `${count(differences.length, "difference")} to last time: it is built`;
}

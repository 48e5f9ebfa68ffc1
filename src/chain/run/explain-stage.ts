// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { ContextSize } from "../context/walk/context-size.ts";
import { selectUnits, type UnitSelection } from "../graph/select-units.ts";
import type { StageGraph, StageUnit } from "../graph/stage-graph.ts";
import { lockPath, readLock } from "../pins/lock-file.ts";
import { openChainPlace } from "./place/chain-place.ts";
import type { ChainPlaceOptions } from "./place/run-options.ts";
import { readStatus } from "./status/status-file.ts";
import type { InputChange } from "./units/explain-unit.ts";
import { rememberedOf } from "./units/find-made.ts";
import { findChange, judgeBuild } from "./units/judge-build.ts";
import { actionOf } from "./units/judge-unit.ts";

/** Why one unit would be built, or would not. */
export interface ExplainedUnit {
  readonly unit: StageUnit;
  /** What a run would do with it. */
  readonly action: "build" | "push" | "retag" | "keep";
  /** Why, one line each: the most telling only. */
  readonly reasons: readonly string[];
  readonly change: InputChange;
  /** What BuildKit would be sent. */
  readonly context: ContextSize;
}

/**
 * Compares what the units of a stage are made of now with what they were made of, file by file, and says what a run would
 * do, by what a run judges by. What they are built FROM is what is there now.
 * @throws OciError `invalid-argument` for a stage that BuildKit does not make; as `selectUnits` for the architectures;
 *   `not-found` for a parent that is not there; what reading inputs throws
 */
export async function explainStage(
  graph: StageGraph,
  stage: string,
  options: ChainPlaceOptions & Pick<UnitSelection, "architectures">,
): Promise<readonly ExplainedUnit[]> {
  if (graph.stages.find(({ name }) => name === stage)?.kind !== "build") {
    throw noStage(graph, stage);
  }
  const { architectures } = options;
  const units = selectUnits(graph, { only: [stage], architectures });
  const place = await openChainPlace(graph, options);
  try {
    const status = readStatus(options.state);
    const lock = await readLock(lockPath(options.directory, graph.variant));
    const explained: ExplainedUnit[] = [];
    for (const unit of units) {
      const inputs = await place.inputs(unit);
      const remembered = rememberedOf(unit, options, status, lock);
      const { found, reasons } = await judgeBuild(unit, inputs, place, remembered);
      const change = await findChange(unit, inputs, place, remembered);
      const action = actionOf(found);
      explained.push({ unit, action, reasons, change, context: inputs.context.size });
    }
    return explained;
  } finally {
    await place.close();
  }
}

function noStage({ stages }: StageGraph, stage: string): OciError {
  const built = stages.filter(({ kind }) => kind === "build").map(({ name }) => name);
  return new OciError(
    "invalid-argument",
    `--why: expected a stage that BuildKit makes (${built.join(", ")}), got ${quote(stage)}`,
  );
}

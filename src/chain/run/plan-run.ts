// SPDX-License-Identifier: MIT
import { planBuild } from "../buildkit/run/build.ts";
import type { ShellCommand } from "../buildkit/process/shell-command.ts";
import type { ContextSize } from "../context/walk/context-size.ts";
import { selectUnits } from "../graph/select-units.ts";
import type { StageGraph, StageUnit } from "../graph/stage-graph.ts";
import { lockPath, readLock } from "../pins/lock-file.ts";
import { type ChainPlace, openChainPlace } from "./place/chain-place.ts";
import type { RunOptions } from "./place/run-options.ts";
import { readStatus } from "./status/status-file.ts";
import { recordsOf } from "./units/build-unit.ts";
import { builtLayout } from "./units/find-made.ts";
import { type JudgedUnit, type Judging, judgeUnit } from "./units/judge-unit.ts";
import { unitRequest } from "./units/unit-request.ts";

/** What a run would do with one unit. */
export interface PlannedWork extends JudgedUnit {
  readonly unit: StageUnit;
  /** Of a build: what would be typed, but for temporary names. */
  readonly command?: ShellCommand | undefined;
  /** Of a build: what BuildKit would be sent. */
  readonly context?: ContextSize | undefined;
}

/**
 * Says what `runChain` would do, and writes nothing but caches. What hangs on something that would be made would be made
 * too.
 * @throws as `runChain`, and what looking at a unit throws
 */
export async function planRun(
  graph: StageGraph,
  options: RunOptions,
): Promise<readonly PlannedWork[]> {
  const units = selectUnits(graph, options.selection);
  const place = await openChainPlace(graph, options);
  try {
    const status = readStatus(options.state);
    const lock = await readLock(lockPath(options.directory, graph.variant));
    const planned: PlannedWork[] = [];
    for (const unit of units) {
      planned.push(await planUnit(unit, { place, options, status, lock }, options));
    }
    return planned;
  } finally {
    await place.close();
  }
}

async function planUnit(
  unit: StageUnit,
  judging: Judging,
  options: RunOptions,
): Promise<PlannedWork> {
  const { place } = judging;
  const judged = await judgeUnit(unit, judging);
  if (judged.action !== "build") return { unit, ...judged };
  const command = await commandOf(unit, place, options);
  return { unit, ...judged, command, context: (await place.inputs(unit)).context.size };
}

async function commandOf(
  unit: StageUnit,
  place: ChainPlace,
  options: RunOptions,
): Promise<ShellCommand> {
  const inputs = await place.inputs(unit);
  const records = await recordsOf(unit, inputs, "dry-run", place, options.keys);
  const output = builtLayout(options.state, unit);
  const request = unitRequest(unit, inputs, { ...options, output, records });
  const { contexts } = place;
  return planBuild(await place.builders.find(unit), request, { stage: unit.id, contexts });
}

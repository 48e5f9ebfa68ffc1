// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import { isOciError } from "../../oci/errors.ts";
import type { StageGraph, StageUnit } from "../graph/stage-graph.ts";
import type { ChainImage } from "../images/chain-image.ts";
import type { InputVerdict } from "../plan/plan-chain.ts";
import { lockPath, readLock } from "../pins/lock-file.ts";
import type { ChainReading } from "../verify-chain.ts";
import { type ChainPlace, openChainPlace } from "./place/chain-place.ts";
import type { ChainPlaceOptions, RecipeOptions } from "./place/run-options.ts";
import { readStatus } from "./status/status-file.ts";
import { type Judging, judgeUnit, noteAnew } from "./units/judge-unit.ts";

/**
 * Judges what a run would do with each unit of a reading, by the same function as `planRun` and a run, given what the
 * reading found. What could not be read has no verdict. What can't be compared, as without a builder, is unknown, and does
 * not throw.
 *
 * It costs a walk through each context (the files that did not change since last time are not read again), a question
 * to each builder, and requests for images from outside; none for what the reading has, and no layer is read.
 * @returns by the id of the unit
 * @throws OciError `aborted`, `invalid-json` for a broken lock or status
 */
export async function judgeInputs(
  graph: StageGraph,
  { units, images }: Pick<ChainReading, "units" | "images">,
  options: ChainPlaceOptions & RecipeOptions,
): Promise<ReadonlyMap<string, InputVerdict>> {
  const place = await openChainPlace(graph, options, images);
  try {
    const status = readStatus(options.state);
    const lock = await readLock(lockPath(options.directory, graph.variant));
    await askForParents(units, images, place);
    const verdicts = new Map<string, InputVerdict>();
    for (const unit of units) {
      const image = images.get(unit.id);
      if (image === undefined || image.state === "unreadable") continue;
      const judging = { place, options, status, lock };
      const verdict = await orUnknown(options.signal, () => judge(unit, image, judging));
      // What is not there and can't be looked at is made in any case.
      if (verdict.state === "unknown" && image.state === "absent") noteAnew(unit, place);
      verdicts.set(unit.id, verdict);
    }
    return verdicts;
  } finally {
    await place.close();
  }
}

/** Asks for the parents that are no part of the reading, because only some stages or architectures are. */
async function askForParents(
  units: readonly StageUnit[],
  known: ReadonlyMap<string, ChainImage>,
  { graph, images, made }: ChainPlace,
): Promise<void> {
  const stages = new Set(units.map(({ stage }) => stage));
  const inputs = graph.units.flatMap((unit) => (stages.has(unit.stage) ? unit.inputs : []));
  const missing = new Set(inputs.map((input) => input.unit).filter((id) => !known.has(id)));
  await Promise.all(
    graph.units.map(async (unit) => {
      if (!missing.has(unit.id)) return;
      const image = await images.image(unit);
      if (image.state === "present") made.set(unit.id, image.digest);
    }),
  );
}

/** A run id with a time, which is never derived from inputs. */
const NAMED_RUN = /^\d{8}-\d{6}-/;

async function judge(unit: StageUnit, image: ChainImage, judging: Judging): Promise<InputVerdict> {
  const { place, options } = judging;
  if (unit.kind === "recipe" && image.state === "present") {
    // A caller that named the run, as a workflow does, assembled from layouts: its key says where they came from, so
    // that it compares with nothing here. Links alone decide about such an image.
    const run = await place.images.record(unit, image, options.keys.runId);
    if (run.state === "recorded" && NAMED_RUN.test(run.value)) return { state: "named-run" };
  }
  const { action, reasons } = await judgeUnit(unit, judging);
  if (action === "keep") return { state: "same" };
  if (action === "retag")
    return {
      state: "moved",
      reason: "an image of what it is made of now is there, and only gets its tag",
    };
  if (action === "push")
    return {
      state: "moved",
      reason: "an image of what it is made of now is here, and is only pushed",
    };
  return { state: "changed", reasons };
}

async function orUnknown(
  signal: AbortSignal | undefined,
  judging: () => Promise<InputVerdict>,
): Promise<InputVerdict> {
  try {
    return await judging();
  } catch (error) {
    throwIfAborted(signal, "chain");
    if (!isOciError(error)) throw error;
    const { message, hint } = error;
    return {
      state: "unknown",
      reason: `what it is made of could not be compared: ${message}`,
      hint,
    };
  }
}

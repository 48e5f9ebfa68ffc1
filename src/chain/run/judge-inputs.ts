// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import { isOciError } from "../../oci/errors.ts";
import type { StageGraph, StageUnit } from "../graph/stage-graph.ts";
import type { ChainImage, PresentImage } from "../images/chain-image.ts";
import type { InputVerdict } from "../plan/plan-chain.ts";
import { lockPath, readLock } from "../pins/lock-file.ts";
import type { ChainReading } from "../verify-chain.ts";
import { type ChainPlace, openChainPlace } from "./place/chain-place.ts";
import type { ChainPlaceOptions, RecipeOptions } from "./place/run-options.ts";
import { readStatus } from "./status/status-file.ts";
import { assemblyReasons } from "./units/explain-assembly.ts";
import { buildReasons, compareInputs } from "./units/explain-unit.ts";
import { findMade, type Remembered, rememberedOf } from "./units/find-made.ts";

/**
 * Compares what each unit of a reading is made of now with what its image was made of, as `planRun` does, given the
 * parents that the reading found. A unit that is not there, or whose parents are not, has no verdict: links decide it.
 * What can't be compared, as without a builder, is unknown, and does not throw.
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
      if (image?.state !== "present" || !hasParents(unit, place)) continue;
      const remembered = rememberedOf(unit, options, status, lock);
      const judging = { place, options, image, remembered };
      const verdict = await orUnknown(options.signal, () => judge(unit, judging));
      if (verdict !== undefined) verdicts.set(unit.id, verdict);
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

/** Whether all are there that the images of its stage are made from: they are one generation. */
function hasParents({ stage, kind }: StageUnit, { graph, made }: ChainPlace): boolean {
  if (kind === "index") return false;
  const siblings = graph.units.filter((unit) => unit.stage === stage);
  return siblings.every(({ inputs }) => inputs.every((input) => made.has(input.unit)));
}

/** A run id with a time, which is never derived from inputs. */
const NAMED_RUN = /^\d{8}-\d{6}-/;

interface Judging {
  readonly place: ChainPlace;
  readonly options: ChainPlaceOptions & RecipeOptions;
  readonly image: PresentImage;
  readonly remembered: Remembered;
}

async function judge(unit: StageUnit, judging: Judging): Promise<InputVerdict | undefined> {
  const { place, options, image, remembered } = judging;
  if (unit.kind === "recipe") {
    // A caller that named the run, as a workflow does, assembled from layouts: its key says where they came from, so
    // that it compares with nothing here. Links alone decide about such an image.
    const run = await place.images.record(unit, image, options.keys.runId);
    if (run.state === "recorded" && NAMED_RUN.test(run.value)) return undefined;
    return verdictOf(await assemblyReasons(unit, place, options));
  }
  const inputs = await place.inputs(unit);
  const found = await findMade(unit, inputs, place, remembered);
  if (found?.how === "kept") return { state: "same" };
  if (found !== undefined) {
    return verdictOf(["an image of what it is made of now is there, and only gets its tag"]);
  }
  const change = await compareInputs(unit, inputs, image, remembered.status?.inputs, place);
  return verdictOf(buildReasons(unit, image, change));
}

function verdictOf(reasons: readonly string[]): InputVerdict {
  return reasons.length === 0 ? { state: "same" } : { state: "changed", reasons };
}

async function orUnknown(
  signal: AbortSignal | undefined,
  judging: () => Promise<InputVerdict | undefined>,
): Promise<InputVerdict | undefined> {
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

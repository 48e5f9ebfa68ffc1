// SPDX-License-Identifier: MIT
import type { StageUnit } from "../../graph/stage-graph.ts";
import type { UnitInputs } from "../inputs/unit-inputs.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import { buildReasons, compareInputs, type InputChange } from "./explain-unit.ts";
import { findMade, type FoundImage, type Remembered } from "./find-made.ts";

/** For which a unit is built, whatever is there. */
export interface BuildFlags {
  readonly noCache?: boolean | undefined;
  readonly pull?: boolean | undefined;
}

/** What becomes of a unit that BuildKit makes. */
export interface BuildJudgement {
  /** The image of the very inputs that the unit has now. Undefined: it is built. */
  readonly found: FoundImage | undefined;
  /** One line each. */
  readonly reasons: readonly string[];
}

/** Judges what becomes of a unit. A plan, a dry run and a run all ask this, and `explainStage` too. */
export async function judgeBuild(
  unit: StageUnit,
  inputs: UnitInputs,
  place: ChainPlace,
  remembered: Remembered,
  { noCache = false, pull = false }: BuildFlags = {},
): Promise<BuildJudgement> {
  const flags = [...(noCache ? ["--no-cache"] : []), ...(pull ? ["--pull"] : [])];
  const found = flags.length > 0 ? undefined : await findMade(unit, inputs, place, remembered);
  if (found !== undefined) return { found, reasons: [found.why] };
  const image = await place.images.image(unit);
  const change = await findChange(unit, inputs, place, remembered);
  return { found, reasons: buildReasons(unit, image, change, flags) };
}

/** What of a unit's inputs is other than when its image, or what is remembered of it, was made. */
export async function findChange(
  unit: StageUnit,
  inputs: UnitInputs,
  place: ChainPlace,
  { status }: Remembered,
): Promise<InputChange> {
  const image = await place.images.image(unit);
  return compareInputs(unit, inputs, image, status?.inputs, place);
}

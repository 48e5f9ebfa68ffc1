// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../../oci/annotations.ts";
import type { Digest } from "../../../oci/digest.ts";
import { explainInputs, type InputDifference } from "../../context/key/explain-inputs.ts";
import { formatDifference, formatUncovered } from "../../context/key/format-difference.ts";
import type { Uncovered } from "../../context/key/input-record.ts";
import { digestOfRecord } from "../../context/key/input-record.ts";
import type { StageUnit } from "../../graph/stage-graph.ts";
import type { ChainImage } from "../../images/chain-image.ts";
import { digestIn } from "../../images/read-record.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import type { UnitInputs } from "../inputs/unit-inputs.ts";

/** How what a unit is made of now compares with last time. */
export interface InputChange {
  /** Of the record of last time; undefined when none is known. */
  readonly previous: Digest | undefined;
  readonly now: Digest;
  /** Undefined when there is no record of last time on this machine. */
  readonly differences: readonly InputDifference[] | undefined;
  /** Why an unchanged record does not mean an unchanged result. */
  readonly uncovered: readonly Uncovered[];
}

/**
 * Compares a unit's inputs with those that its image records, or else with those that are remembered.
 * @param remembered the digest of a record
 */
export async function compareInputs(
  unit: StageUnit,
  { record }: UnitInputs,
  image: ChainImage,
  remembered: Digest | undefined,
  { images, records, lists }: ChainPlace,
): Promise<InputChange> {
  const recorded =
    image.state === "present"
      ? digestIn(await images.record(unit, image, AnnotationKey.stageInputs))
      : undefined;
  const previous = recorded?.state === "recorded" ? recorded.digest : remembered;
  const before = previous && (await records.read(previous));
  const differences = before && (await explainInputs(before, record, (list) => lists.read(list)));
  return { previous, now: digestOfRecord(record), differences, uncovered: record.uncovered };
}

const SHOWN = 3;

/**
 * Why a unit is built, a line each: the most telling only.
 * @param flags for which it is built, whatever is there
 */
export function buildReasons(
  { tag }: StageUnit,
  image: ChainImage,
  change: InputChange,
  flags: readonly string[] = [],
): readonly string[] {
  const { previous, differences, uncovered } = change;
  const lines = [...flags, ...uncovered.map(formatUncovered)];
  if (image.state === "absent") lines.push(`${tag} is not there`);
  if (image.state === "unreadable") lines.push(`${tag} could not be read: ${image.reason}`);
  if (previous === undefined && image.state === "present") {
    lines.push(`${tag} does not record what it was made of`);
  }
  if (previous !== undefined && differences === undefined && previous !== change.now) {
    lines.push("what it is made of has changed (the record of last time is not on this machine)");
  }
  // An image of the same inputs is kept, unless its run id is not that of its generation.
  if (lines.length === 0 && previous === change.now) {
    lines.push("another architecture of its generation is made of something else");
  }
  const shown = (differences ?? []).slice(0, SHOWN).map(formatDifference);
  const more = (differences?.length ?? 0) - shown.length;
  return [...lines, ...shown, ...(more > 0 ? [`and ${more} more differences`] : [])];
}

// SPDX-License-Identifier: MIT
import type { StageUnit } from "../graph/stage-graph.ts";
import type { ChainReading } from "../verify-chain.ts";

/** One reason for what a plan does with a unit. `message` is one line. */
export type PlanReason = { readonly message: string } & (
  | { readonly kind: "absent" }
  | { readonly kind: "stale"; readonly parent: string }
  /** A unit that it is made from is built again. */
  | { readonly kind: "parent-built"; readonly parent: string }
  /** It has no record of what it was made from. */
  | { readonly kind: "unrecorded"; readonly parent: string }
  /** Its files, arguments, recipe or builder are others than those that it was made of. */
  | { readonly kind: "changed" }
  /** Another architecture is made anew, and all images of one index are one generation. */
  | { readonly kind: "generation"; readonly unit: string }
  | { readonly kind: "fresh" }
  | { readonly kind: "unread" }
);

/** What would be done with one unit, and why. */
export interface PlannedUnit {
  readonly unit: StageUnit;
  /** `unknown` where nothing could be read that decides it. */
  readonly action: "build" | "keep" | "unknown";
  readonly reasons: readonly PlanReason[];
}

/**
 * How what a unit is made of now compares with what its image was made of, as `judgeInputs` finds out: files, arguments,
 * recipe and builder, given what its parents are now.
 */
export type InputVerdict =
  | { readonly state: "same" }
  | { readonly state: "changed"; readonly reasons: readonly string[] }
  | { readonly state: "unknown"; readonly reason: string; readonly hint?: string | undefined };

/** What a reading says would be done. */
export interface ChainPlan {
  readonly source: string;
  readonly units: readonly PlannedUnit[];
}

/**
 * Plans each unit of a reading: what is absent, stale or made of something else is built, and all that is made from it.
 * Where one architecture of a generation is made anew, all are. An index that holds what it should is kept. What could
 * not be read decides nothing: then the plan says so.
 * @param verdicts by the id of the unit; without one, links and presence alone decide
 */
export function planChain(
  reading: ChainReading,
  verdicts: ReadonlyMap<string, InputVerdict> = new Map(),
): ChainPlan {
  const planned = new Map<string, PlannedUnit>();
  for (const stage of new Set(reading.units.map((unit) => unit.stage))) {
    const ofStage = reading.units.filter((unit) => unit.stage === stage);
    const plans = ofStage.map((unit) => {
      const verdict = verdicts.get(unit.id);
      const own = ownReasons(unit, reading, verdict?.state === "same");
      const reasons = [...own, ...parentReasons(unit, planned), ...changeReasons(verdict)];
      return planUnit(unit, reasons);
    });
    for (const plan of asGenerations(plans, reading)) planned.set(plan.unit.id, plan);
  }
  return { source: reading.source, units: reading.units.map(({ id }) => planned.get(id)!) };
}

function changeReasons(verdict: InputVerdict | undefined): PlanReason[] {
  if (verdict === undefined || verdict.state === "same") return [];
  return verdict.state === "unknown"
    ? [{ kind: "unread", message: verdict.reason }]
    : verdict.reasons.map((message) => ({ kind: "changed", message }));
}

/** The run id of images of one index follows from what all of them are made of: one that changes changes the others. */
function asGenerations(
  plans: readonly PlannedUnit[],
  { units }: ChainReading,
): readonly PlannedUnit[] {
  const isMember = ({ id, kind }: StageUnit): boolean =>
    kind === "recipe" ||
    units.some((one) => one.kind === "index" && one.inputs.some((input) => input.unit === id));
  const anew = plans.find(({ unit, action }) => action === "build" && isMember(unit));
  if (anew === undefined) return plans;
  const { id } = anew.unit;
  const message = `${id} is made anew, and the images of an index are one generation`;
  const reasons = [{ kind: "generation", unit: id, message }] as const;
  return plans.map((plan) =>
    plan.action === "build" ? plan : { ...plan, action: "build", reasons },
  );
}

function planUnit(unit: StageUnit, reasons: readonly PlanReason[]): PlannedUnit {
  const builds = reasons.filter(({ kind }) => kind !== "fresh" && kind !== "unread");
  if (builds.length > 0) return { unit, action: "build", reasons: builds };
  const unread = reasons.filter(({ kind }) => kind === "unread");
  if (unread.length > 0) return { unit, action: "unknown", reasons: unread };
  return { unit, action: "keep", reasons };
}

function ownReasons(
  unit: StageUnit,
  { images, links }: ChainReading,
  isCompared: boolean,
): PlanReason[] {
  const image = images.get(unit.id);
  if (image === undefined || image.state === "unreadable") {
    return [
      { kind: "unread", message: `it could not be asked for: ${image?.reason ?? "not asked"}` },
    ];
  }
  if (image.state === "absent") return [{ kind: "absent", message: `${unit.tag} is not there` }];
  const mine = links.filter(({ child }) => child.id === unit.id);
  const reasons = mine.flatMap(({ parent, outcome }): PlanReason[] => {
    if (outcome.state === "stale") {
      const from = outcome.builtFrom === undefined ? "without it" : `from ${outcome.builtFrom}`;
      return [
        {
          kind: "stale",
          parent: parent.id,
          message: `${parent.id} is ${outcome.parent} now; it was made ${from}`,
        },
      ];
    }
    if (outcome.state === "fresh") return [];
    if (outcome.because === "unrecorded") {
      return [
        {
          kind: "unrecorded",
          parent: parent.id,
          message: `${outcome.reason}: nobody knows what it was made from`,
        },
      ];
    }
    // A parent that is absent is built, and then its children are: nothing is unknown about them.
    return outcome.because === "parent-missing"
      ? []
      : [{ kind: "unread", message: outcome.reason }];
  });
  return reasons.length > 0 ? reasons : [{ kind: "fresh", message: freshness(unit, isCompared) }];
}

function freshness({ inputs, from }: StageUnit, isCompared: boolean): string {
  if (isCompared) return "nothing that it is made of has changed";
  if (inputs.length > 0) return "it was made from what its parents are now";
  return from === undefined
    ? "it is there"
    : `it is there; whether ${from} has changed is not looked at`;
}

function parentReasons(unit: StageUnit, planned: ReadonlyMap<string, PlannedUnit>): PlanReason[] {
  return unit.inputs.flatMap(({ unit: id }): PlanReason[] => {
    const action = planned.get(id)?.action;
    if (action === "build")
      return [{ kind: "parent-built", parent: id, message: `${id} is built again` }];
    return action === "unknown"
      ? [{ kind: "unread", message: `whether ${id} is built again is not known` }]
      : [];
  });
}

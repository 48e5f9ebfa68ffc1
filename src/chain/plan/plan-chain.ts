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
  /** An image of the same is there, and only gets its tag, or is pushed. */
  | { readonly kind: "moved" }
  /** Another architecture is made anew, and all images of one index are one generation. */
  | { readonly kind: "generation"; readonly unit: string }
  | { readonly kind: "fresh" }
  | { readonly kind: "unread" }
);

/** What would be done with one unit, and why. */
export interface PlannedUnit {
  readonly unit: StageUnit;
  /** `build`: a run has something to do. `unknown` where nothing could be read that decides it. */
  readonly action: "build" | "keep" | "unknown";
  readonly reasons: readonly PlanReason[];
}

/**
 * What a run would do with a unit, as `judgeInputs` finds out by what a run judges by: files, arguments, recipe and
 * builder, given what its parents are then.
 */
export type InputVerdict =
  | { readonly state: "same" }
  /** An image of the same is there, and only gets to where it belongs: what is made from it may be kept. */
  | { readonly state: "moved"; readonly reason: string }
  /** It was assembled by a caller that named the run: links alone decide. */
  | { readonly state: "named-run" }
  | { readonly state: "changed"; readonly reasons: readonly string[] }
  | { readonly state: "unknown"; readonly reason: string; readonly hint?: string | undefined };

/** What a reading says would be done. */
export interface ChainPlan {
  readonly source: string;
  readonly units: readonly PlannedUnit[];
}

/**
 * Plans each unit of a reading: what is absent, stale or made of something else is built, and all that is made from it.
 * An index that holds what it should is kept. What could not be read decides nothing: then the plan says so.
 * @param verdicts by the id of the unit: they decide, and links only say why; without one, links and presence decide
 */
export function planChain(
  reading: ChainReading,
  verdicts: ReadonlyMap<string, InputVerdict> = new Map(),
): ChainPlan {
  const planned = new Map<string, PlannedUnit>();
  for (const stage of new Set(reading.units.map((unit) => unit.stage))) {
    const ofStage = reading.units.filter((unit) => unit.stage === stage);
    const plans = ofStage.map((unit) => planUnit(unit, reading, verdicts.get(unit.id), planned));
    for (const plan of asGenerations(plans, reading, verdicts)) planned.set(plan.unit.id, plan);
  }
  return { source: reading.source, units: reading.units.map(({ id }) => planned.get(id)!) };
}

function planUnit(
  unit: StageUnit,
  reading: ChainReading,
  verdict: InputVerdict | undefined,
  planned: ReadonlyMap<string, PlannedUnit>,
): PlannedUnit {
  const isSame = verdict?.state === "same";
  const parents = parentReasons(unit, planned);
  const isBelow = parents.some(({ kind }) => kind === "parent-built");
  if (isSame && !isBelow) {
    return { unit, action: "keep", reasons: [{ kind: "fresh", message: freshness(unit, true) }] };
  }
  const own = ownReasons(unit, reading);
  const told = new Set(own.map(({ message }) => message));
  const changes = isBelow ? [] : changeReasons(verdict).filter(({ message }) => !told.has(message));
  const reasons = [...own, ...parents, ...changes];
  const builds = reasons.filter(({ kind }) => kind !== "fresh" && kind !== "unread");
  if (builds.length > 0) return { unit, action: "build", reasons: builds };
  const unread = reasons.filter(({ kind }) => kind === "unread");
  if (unread.length > 0) return { unit, action: "unknown", reasons: unread };
  return { unit, action: "keep", reasons };
}

function changeReasons(verdict: InputVerdict | undefined): PlanReason[] {
  if (verdict?.state === "unknown") return [{ kind: "unread", message: verdict.reason }];
  if (verdict?.state === "moved") return [{ kind: "moved", message: verdict.reason }];
  if (verdict?.state !== "changed") return [];
  return verdict.reasons.map((message) => ({ kind: "changed", message }));
}

/**
 * The run id of images of one index follows from what all of them are made of. Verdicts know that. Without one, an image
 * is made anew where another is made of something else; one of a run that was named, where another is made at all.
 */
function asGenerations(
  plans: readonly PlannedUnit[],
  { units }: ChainReading,
  verdicts: ReadonlyMap<string, InputVerdict>,
): readonly PlannedUnit[] {
  const members = plans.filter(({ unit }) => isMember(unit, units));
  const made = members.filter(isMadeAnew);
  const [anew] = made;
  const changed = made.find(({ reasons }) => reasons.some(({ kind }) => CHANGES.has(kind)));
  return plans.map((plan) => {
    const state = verdicts.get(plan.unit.id)?.state ?? "unknown";
    const cause = state === "named-run" ? anew : state === "unknown" ? changed : undefined;
    if (cause === undefined || plan.action === "build" || !members.includes(plan)) return plan;
    const { id } = cause.unit;
    const message = `${id} is made anew, and the images of an index are one generation`;
    return { ...plan, action: "build", reasons: [{ kind: "generation", unit: id, message }] };
  });
}

function isMember({ id, kind }: StageUnit, units: readonly StageUnit[]): boolean {
  const isIn = (one: StageUnit): boolean => one.inputs.some((input) => input.unit === id);
  return kind === "recipe" || units.some((one) => one.kind === "index" && isIn(one));
}

/** Not one that only gets its tag, or is pushed. */
function isMadeAnew({ action, reasons }: PlannedUnit): boolean {
  return action === "build" && reasons.every(({ kind }) => kind !== "moved");
}

/** The reasons that say that a unit is made of something else. */
const CHANGES: ReadonlySet<PlanReason["kind"]> = new Set(["stale", "parent-built", "changed"]);

function ownReasons(unit: StageUnit, { images, links }: ChainReading): PlanReason[] {
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
  return reasons.length > 0 ? reasons : [{ kind: "fresh", message: freshness(unit, false) }];
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
    const input = planned.get(id);
    if (input !== undefined && isMadeAnew(input))
      return [{ kind: "parent-built", parent: id, message: `${id} is built again` }];
    return input?.action === "unknown"
      ? [{ kind: "unread", message: `whether ${id} is built again is not known` }]
      : [];
  });
}

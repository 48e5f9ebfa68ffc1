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

/** A chain as links and presence say it. */
export interface ChainPlan {
  readonly source: string;
  readonly units: readonly PlannedUnit[];
}

/**
 * Plans each unit of a reading: what is absent or stale is built, and all that is made from it. An index that
 * holds what it should is kept. What could not be read decides nothing: then the plan says so.
 */
export function planChain(reading: ChainReading): ChainPlan {
  const planned = new Map<string, PlannedUnit>();
  for (const unit of reading.units) {
    const reasons = [...ownReasons(unit, reading), ...parentReasons(unit, planned)];
    planned.set(unit.id, planUnit(unit, reasons));
  }
  return { source: reading.source, units: [...planned.values()] };
}

function planUnit(unit: StageUnit, reasons: readonly PlanReason[]): PlannedUnit {
  const builds = reasons.filter(({ kind }) => kind !== "fresh" && kind !== "unread");
  if (builds.length > 0) return { unit, action: "build", reasons: builds };
  const unread = reasons.filter(({ kind }) => kind === "unread");
  if (unread.length > 0) return { unit, action: "unknown", reasons: unread };
  return { unit, action: "keep", reasons };
}

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
  return reasons.length > 0 ? reasons : [{ kind: "fresh", message: freshness(unit) }];
}

function freshness({ inputs, from }: StageUnit): string {
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

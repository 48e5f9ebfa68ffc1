// SPDX-License-Identifier: MIT
import type { StageUnit } from "../graph/stage-graph.ts";
import type { ChainReading } from "../verify-chain.ts";

/** How one image stands, from all its links. */
export interface UnitFreshness {
  readonly state: "fresh" | "stale" | "unknown" | "absent" | "root";
  /** One or two words. */
  readonly word: string;
  /** Why, one line for each link that is not fresh. */
  readonly reasons: readonly string[];
}

/** Sums the links of one image up: one stale link makes it stale, one unknown link unknown. */
export function freshnessOf(unit: StageUnit, { images, links }: ChainReading): UnitFreshness {
  const image = images.get(unit.id);
  if (image?.state === "absent") return { state: "absent", word: "not there", reasons: [] };
  if (image?.state !== "present") {
    return {
      state: "unknown",
      word: "not known",
      reasons: image === undefined ? [] : [image.reason],
    };
  }
  const mine = links.filter(({ child }) => child.id === unit.id);
  if (mine.length === 0) return { state: "root", word: "there", reasons: [] };
  const stale = mine.flatMap(({ parent, outcome }) =>
    outcome.state === "stale"
      ? `${parent.id} is ${outcome.parent} now, built from ${outcome.builtFrom ?? "none"}`
      : [],
  );
  if (stale.length > 0) return { state: "stale", word: "stale", reasons: stale };
  const unknown = mine.flatMap(({ outcome }) =>
    outcome.state === "unknown" ? outcome.reason : [],
  );
  return unknown.length > 0
    ? { state: "unknown", word: "unknown", reasons: unknown }
    : { state: "fresh", word: "fresh", reasons: [] };
}

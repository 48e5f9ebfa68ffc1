// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { StageGraph, StageUnit } from "./stage-graph.ts";

/** Which part of a chain is meant. */
export interface UnitSelection {
  /** The first stage. */
  readonly from?: string | undefined;
  /** The last stage. */
  readonly to?: string | undefined;
  /** These stages alone; the only way to mean an optional one. */
  readonly only?: readonly string[] | undefined;
  /** These architectures, and what they share. */
  readonly architectures?: readonly string[] | undefined;
}

/**
 * The units that are meant, in the order of the graph. An index is left out where only some of its architectures
 * are meant: it would lack the others.
 * @throws OciError `invalid-argument` for a stage or an architecture that is none; `nothing-to-check` when
 *   nothing is left
 */
export function selectUnits(
  graph: StageGraph,
  selection: UnitSelection = {},
): readonly StageUnit[] {
  const { from, to, only, architectures } = selection;
  const names = graph.stages.map(({ name }) => name);
  const place = (name: string, flag: string): number => {
    const at = names.indexOf(name);
    if (at >= 0) return at;
    throw wrong(
      `--${flag}: expected one of the stages ${names.join(", ")}, got ${quote(name)}`,
      selection,
    );
  };
  only?.forEach((name) => place(name, "only"));
  const first = from === undefined ? 0 : place(from, "from");
  const last = to === undefined ? names.length - 1 : place(to, "to");
  if (first > last) {
    throw wrong(
      `--from ${from!} --to ${to!}: expected stages in the order ${names.join(", ")}`,
      selection,
    );
  }
  const unknown = architectures?.find((one) => !graph.architectures.includes(one));
  if (unknown !== undefined) {
    throw wrong(
      `--arch: expected ${graph.architectures.join(", ")}, got ${quote(unknown)}`,
      selection,
    );
  }
  const named = graph.units.filter(({ stage }) => {
    const at = names.indexOf(stage);
    return at >= first && at <= last && only?.includes(stage) !== false;
  });
  const units = named.filter((unit) => {
    if (only === undefined && unit.optional) return false;
    if (architectures === undefined) return true;
    if (unit.kind === "index") return isWhole(graph, architectures);
    return unit.architecture === undefined || architectures.includes(unit.architecture);
  });
  if (units.length > 0) return units;
  throw nothingMeant(graph, named, selection);
}

/** The indexes that are left out because only some architectures are meant. @throws as {@link selectUnits} */
export function indexesLeftOut(graph: StageGraph, selection: UnitSelection): readonly StageUnit[] {
  const meant = new Set(selectUnits(graph, selection));
  const all = selectUnits(graph, { ...selection, architectures: undefined });
  return all.filter((unit) => unit.kind === "index" && !meant.has(unit));
}

function isWhole(graph: StageGraph, architectures: readonly string[]): boolean {
  return graph.architectures.every((one) => architectures.includes(one));
}

/** @param named what the names of stages mean, whatever the architecture */
function nothingMeant(
  graph: StageGraph,
  named: readonly StageUnit[],
  selection: UnitSelection,
): OciError {
  const { from, to, only, architectures } = selection;
  const flags = [
    ...(from === undefined ? [] : [`--from ${from}`]),
    ...(to === undefined ? [] : [`--to ${to}`]),
    ...(only ?? []).map((name) => `--only ${name}`),
    ...(architectures === undefined ? [] : [`--arch ${architectures.join(",")}`]),
  ];
  const asked = flags.length === 0 ? "chain" : flags.join(" ");
  const why = reasonOfNothing(graph, named, selection);
  return new OciError("nothing-to-check", `${asked}: expected stages, got none: ${why}`, {
    details: { ...selection },
  });
}

function reasonOfNothing(
  graph: StageGraph,
  named: readonly StageUnit[],
  { only, architectures = [] }: UnitSelection,
): string {
  if (named.length === 0) return "no stage is all of that";
  const stages = [...new Set(named.map(({ stage }) => stage))].join(", ");
  if (only === undefined && named.every(({ optional }) => optional)) {
    return `what is optional (${stages}) is meant by --only alone`;
  }
  return named.every(({ kind }) => kind === "index")
    ? `${stages} needs all of ${graph.architectures.join(", ")}`
    : `${stages} is not made for ${architectures.join(", ")}`;
}

function wrong(message: string, selection: UnitSelection): OciError {
  return new OciError("invalid-argument", message, { details: { ...selection } });
}

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
  const units = graph.units.filter((unit) => {
    const at = names.indexOf(unit.stage);
    if (only === undefined ? unit.optional : !only.includes(unit.stage)) return false;
    if (at < first || at > last) return false;
    if (architectures === undefined) return true;
    const isWhole = graph.architectures.every((one) => architectures.includes(one));
    if (unit.architecture === undefined) return unit.kind !== "index" || isWhole;
    return architectures.includes(unit.architecture);
  });
  if (units.length > 0) return units;
  throw new OciError(
    "nothing-to-check",
    "chain: expected stages, got none: nothing is both asked for and there",
    {
      details: { ...selection },
    },
  );
}

function wrong(message: string, selection: UnitSelection): OciError {
  return new OciError("invalid-argument", message, { details: { ...selection } });
}

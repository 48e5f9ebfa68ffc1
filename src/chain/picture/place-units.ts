// SPDX-License-Identifier: MIT
import { stageInputs } from "../graph/order-stages.ts";
import type { StageGraph, StageUnit } from "../graph/stage-graph.ts";

/** A unit in the grid of the picture. */
export interface PlacedUnit {
  readonly unit: StageUnit;
  readonly column: number;
  /** In rows from the top of its lane. That of a shared stage may lie between two rows. */
  readonly row: number;
}

/** Where each unit is: stages in columns, from what they are made from to the right; architectures in rows. */
export interface Placement {
  readonly units: readonly PlacedUnit[];
  readonly columns: number;
  readonly rows: number;
}

/** Places units. A stage is right of all that it is made from, and no two of a lane share a column. */
export function placeUnits(graph: StageGraph, units: readonly StageUnit[]): Placement {
  const columns = columnsOf(graph, units);
  const architectures = graph.architectures.filter((one) =>
    units.some(({ architecture }) => architecture === one),
  );
  const rows = Math.max(1, architectures.length);
  return {
    rows,
    columns: Math.max(0, ...columns.values()) + 1,
    units: units.map((unit) => ({
      unit,
      column: columns.get(unit.stage) ?? 0,
      row:
        unit.architecture === undefined ? (rows - 1) / 2 : architectures.indexOf(unit.architecture),
    })),
  };
}

function columnsOf(graph: StageGraph, units: readonly StageUnit[]): ReadonlyMap<string, number> {
  const shown = new Set(units.map(({ stage }) => stage));
  const columns = new Map<string, number>();
  const taken = new Set<string>();
  for (const stage of graph.stages.filter(({ name }) => shown.has(name))) {
    let column = Math.max(0, ...stageInputs(stage).map((name) => (columns.get(name) ?? -1) + 1));
    while (taken.has(`${stage.lane} ${column}`)) column += 1;
    taken.add(`${stage.lane} ${column}`);
    columns.set(stage.name, column);
  }
  return columns;
}

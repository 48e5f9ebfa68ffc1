// SPDX-License-Identifier: MIT
import type { BuildStep, StepCount, StepOutcome } from "./build-event.ts";
import type { Vertex } from "./solve-status.ts";

/** A step that failed: what BuildKit said, and the last lines that the step wrote. */
export interface FailedStep extends BuildStep {
  readonly error: string;
  readonly lines: readonly string[];
}

/** What is known of a step. */
export interface KnownStep {
  readonly step: BuildStep;
  readonly lines: string[];
}

/** What a vertex changed, in order. */
export type StepChanges = readonly ("started" | "finished")[];

/** The steps of a build and how they ended. */
export interface StepTable {
  readonly find: (digest: string, name?: string) => KnownStep;
  /**
   * Takes in what BuildKit says of a step. A step that it opens again, to use its result, is not finished, and no news.
   */
  readonly update: (vertex: Vertex) => StepChanges;
  /** Adds to the last lines that a step wrote. */
  readonly addLine: (known: KnownStep, line: string) => void;
  readonly count: () => StepCount;
  /** How many steps the builder had in its cache. */
  readonly cached: () => number;
  /** The step that failed first; those that BuildKit canceled for it did not fail. */
  readonly failed: () => FailedStep | undefined;
}

interface Row extends KnownStep {
  isStarted: boolean;
  told: StepOutcome | undefined;
  outcome: StepOutcome | undefined;
  error: string;
}

const KEPT_LINES = 20;
const CANCELED = /\bcontext canceled\b/;

/** @param hide takes secrets out of a text */
export function createStepTable(hide: (text: string) => string): StepTable {
  const rows = new Map<string, Row>();
  const ended: Record<StepOutcome, number> = { done: 0, cached: 0, failed: 0, canceled: 0 };
  let failed: Row | undefined;

  const find = (digest: string, name = ""): Row => {
    const known = rows.get(digest);
    if (known !== undefined) return known;
    const step = { number: rows.size + 1, name: hide(name) };
    const state = { isStarted: false, told: undefined, outcome: undefined, error: "" };
    const fresh: Row = { step, lines: [], ...state };
    rows.set(digest, fresh);
    return fresh;
  };
  const setOutcome = (row: Row, outcome: StepOutcome | undefined): void => {
    if (row.outcome !== undefined) ended[row.outcome] -= 1;
    if (outcome !== undefined) ended[outcome] += 1;
    row.outcome = outcome;
    if (outcome === "failed") failed ??= row;
    else if (outcome !== undefined) row.lines.length = 0;
  };
  return {
    find,
    update: (vertex) => {
      const row = find(vertex.digest, vertex.name);
      row.error = vertex.error;
      const isOver = vertex.completed !== undefined;
      const isNew = !row.isStarted && (isOver || vertex.started !== undefined);
      if (isNew) row.isStarted = true;
      setOutcome(row, isOver ? outcomeOf(vertex) : undefined);
      const isNews = row.outcome !== undefined && row.outcome !== row.told;
      if (isNews) row.told = row.outcome;
      return [...(isNew ? (["started"] as const) : []), ...(isNews ? (["finished"] as const) : [])];
    },
    addLine: ({ lines }, line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    },
    count: () => ({
      finished: ended.done + ended.cached + ended.failed + ended.canceled,
      known: rows.size,
    }),
    cached: () => ended.cached,
    failed: () => failed && { ...failed.step, error: hide(failed.error), lines: failed.lines },
  };
}

/** How a step that is over ended. */
export function outcomeOf({ cached, error }: Vertex): StepOutcome {
  if (error !== "") return CANCELED.test(error) ? "canceled" : "failed";
  return cached ? "cached" : "done";
}

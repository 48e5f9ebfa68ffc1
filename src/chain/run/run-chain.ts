// SPDX-License-Identifier: MIT
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { archiveLogs } from "../buildkit/progress/stage-log.ts";
import { sweepContexts } from "../buildkit/places/temporary-context.ts";
import { selectUnits } from "../graph/select-units.ts";
import type { StageGraph, StageUnit } from "../graph/stage-graph.ts";
import { lockPath, readLock } from "../pins/lock-file.ts";
import { isMember, openChainPlace } from "./place/chain-place.ts";
import type { RunOptions } from "./place/run-options.ts";
import { scheduleUnits, type Task, type WorkEnd } from "./schedule-units.ts";
import { writeLockAsItGoes } from "./place/lock-writer.ts";
import { asOnlyRun, openStatus, readStatus } from "./status/status-file.ts";
import type { MadeUnit, UnitEnd } from "./place/unit-end.ts";
import { assembleUnit } from "./units/assemble-unit.ts";
import { buildUnit } from "./units/build-unit.ts";
import { joinUnit } from "./units/join-unit.ts";
import type { UnitWork } from "./units/unit-work.ts";

/** What a run did. */
export interface ChainRun {
  readonly runId: string;
  /** Whether it went on where one before was interrupted or failed. */
  readonly resumed: boolean;
  /** Where images are: the repository, or `layouts`. */
  readonly place: string;
  /** `stopped` when the signal fired. */
  readonly result: "done" | "failed" | "stopped";
  /** In the order of the graph. */
  readonly units: readonly UnitEnd[];
}

/**
 * Makes the images of a chain: each as soon as what it is made from is done, several at a time, and none whose inputs
 * are those that an image there records. One that fails stops only what hangs on it. Killed at any moment, the next
 * run goes on from what is there. One run at a time in one state directory; on several machines, runs do each other no
 * harm.
 * @throws OciError `locked` when another run is going on here; `invalid-json` for a broken lock or status;
 *   `invalid-argument`, `nothing-to-check` for the selection. What a unit throws is in its end.
 */
export async function runChain(graph: StageGraph, options: RunOptions): Promise<ChainRun> {
  const units = selectUnits(graph, options.selection);
  return asOnlyRun(options.state, async () => {
    const place = await openChainPlace(graph, options);
    try {
      const before = readStatus(options.state);
      const lock = await readLock(lockPath(options.directory, graph.variant));
      const resumed = before !== undefined && before.result !== "done" ? before.runId : undefined;
      const logs = join(options.state, "logs");
      if (resumed === undefined) archiveLogs(logs);
      sweepContexts(place.contexts);
      const status = openStatus(options.state, resumed ?? makeRunId(new Date()), before);
      const tell = (event: Parameters<UnitWork["tell"]>[0]): void => options.onProgress?.(event);
      const work = { options, place, status, lock, before, logs, tell };
      const ends = await runUnits(units, work);
      const result = resultOf(ends, options.signal);
      status.end(result);
      const { runId } = status;
      return {
        runId,
        resumed: resumed !== undefined,
        place: place.images.name,
        result,
        units: ends,
      };
    } finally {
      await place.close();
    }
  });
}

/** `YYYYmmdd-HHMMSS-<8 hex>`: sorts by time, and no two machines make the same. */
function makeRunId(now: Date): string {
  const [day = "", time = ""] = now.toISOString().split("T");
  const clock = time.slice(0, 8).replaceAll(":", "");
  return `${day.replaceAll("-", "")}-${clock}-${randomBytes(4).toString("hex")}`;
}

async function runUnits(units: readonly StageUnit[], work: UnitWork): Promise<UnitEnd[]> {
  const { status, options } = work;
  const locks = writeLockAsItGoes(options.directory, work.place.graph, work.lock);
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  const tasks = units.map((unit): Task<MadeUnit> => {
    const needs = unit.inputs.map((input) => input.unit);
    return { id: unit.id, needs, after: inputsOfSiblings(unit, work), run: () => make(unit, work) };
  });
  const { parallel: limit, signal } = options;
  const ended = new Map<string, UnitEnd>();
  await scheduleUnits(tasks, {
    limit,
    signal,
    onEnd: (id, workEnd) => {
      const end = endOf(byId.get(id)!, workEnd);
      ended.set(id, end);
      if (workEnd.state === "done") locks.add(id, workEnd.value);
      noteEnd(end, status);
      work.tell({ kind: "unit-ended", unit: id, end });
    },
  });
  await locks.done();
  return units.map(({ id }) => ended.get(id)!);
}

/** What all images of a generation are made from has to be known before the first of them can say which one it is. */
function inputsOfSiblings(unit: StageUnit, { place }: UnitWork): readonly string[] {
  const { units } = place.graph;
  if (unit.kind !== "recipe" && !isMember(place.graph, unit)) return [];
  const siblings = units.filter(({ stage }) => stage === unit.stage);
  return siblings.flatMap(({ inputs }) => inputs.map((input) => input.unit));
}

async function make(unit: StageUnit, work: UnitWork): Promise<MadeUnit> {
  const { status, place, tell } = work;
  const before = status.unit(unit.id);
  // only what this very run built before it was interrupted counts as its own
  const { digest, inputs, log } = before?.runId === status.runId ? before : {};
  status.set(unit.id, {
    status: "running",
    started: new Date().toISOString(),
    digest,
    inputs,
    log,
  });
  tell({ kind: "unit-started", unit: unit.id });
  const makers = { build: buildUnit, recipe: assembleUnit, index: joinUnit } as const;
  const made = await makers[unit.kind](unit, work);
  place.made.set(unit.id, made.digest);
  return made;
}

function endOf(unit: StageUnit, end: WorkEnd<MadeUnit>): UnitEnd {
  switch (end.state) {
    case "done":
      return { unit, ...end.value };
    case "failed": {
      const { error } = end;
      const message = error instanceof Error ? error.message : String(error);
      return { unit, word: "failed", error, reasons: [message] };
    }
    case "blocked":
      return { unit, word: "blocked", reasons: [`${end.by} is not there`] };
    case "stopped":
      return { unit, word: "stopped", reasons: ["it was stopped, as was asked"] };
  }
}

function noteEnd(end: UnitEnd, status: UnitWork["status"]): void {
  const { id } = end.unit;
  const before = status.unit(id);
  const { started } = before ?? {};
  const ended = new Date().toISOString();
  const { word, reasons } = end;
  if ("digest" in end) {
    const { digest, record: inputs, log = before?.log } = end;
    status.set(id, { status: word, digest, inputs, log, reasons, started, ended });
  } else {
    const { digest, inputs, log } = before ?? {};
    status.set(id, { status: word, digest, inputs, log, reasons, started, ended });
  }
}

function resultOf(ends: readonly UnitEnd[], signal: AbortSignal | undefined): ChainRun["result"] {
  if (signal?.aborted === true && ends.some(({ word }) => word === "stopped")) return "stopped";
  return ends.some(({ word }) => word === "failed" || word === "blocked") ? "failed" : "done";
}

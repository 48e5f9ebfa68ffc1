// SPDX-License-Identifier: MIT
import type { BuildEvent } from "./build-event.ts";
import type { SolveStatus, Vertex, VertexLog, VertexTransfer } from "./solve-status.ts";
import { splitLines, type LineSplitter } from "./split-lines.ts";
import { createStepTable, outcomeOf, type StepTable } from "./step-table.ts";

/** Turns BuildKit's status lines into events. The table says how the steps ended. */
export interface StepFollower extends Pick<StepTable, "count" | "cached" | "failed"> {
  readonly take: (status: SolveStatus) => void;
  /** Gives lines that no newline ended. */
  readonly end: () => void;
}

const LONGEST_LINE = 64 * 1024;
const TRANSFER_MS = 100;
/** What BuildKit calls the sending of a context. */
const CONTEXT = /^transferring ([^:]{1,200}):$/;
/** Steps that are sent a single file first: `.dockerignore`, as if it were the context, and the Dockerfile. */
const BEFORE = /^\[internal\] load (?:\.dockerignore|build definition )/;

/** @param hide takes secrets out of a text */
export function followSteps(
  onEvent: (event: BuildEvent) => void,
  hide: (text: string) => string = (text) => text,
): StepFollower {
  const table = createStepTable(hide);
  const output = followOutput(table, onEvent, hide);
  const takeTransfer = followTransfers(table, onEvent, hide);
  const takeVertex = (vertex: Vertex): void => {
    if (vertex.completed !== undefined) output.endStep(vertex.digest);
    for (const change of table.update(vertex)) {
      const { step } = table.find(vertex.digest);
      const count = table.count();
      const milliseconds = millisecondsOf(vertex);
      const outcome = outcomeOf(vertex);
      if (change === "started") onEvent({ kind: "step-started", step, count });
      else onEvent({ kind: "step-finished", step, count, outcome, milliseconds });
    }
  };
  return {
    take: (status) => {
      // What a step wrote last comes in the same line as its end.
      status.logs.forEach(output.take);
      status.vertexes.forEach(takeVertex);
      status.transfers.forEach(takeTransfer);
      for (const text of status.warnings) onEvent({ kind: "remark", text: hide(text) });
    },
    end: output.end,
    count: table.count,
    cached: table.cached,
    failed: table.failed,
  };
}

interface OutputFollower {
  readonly take: (log: VertexLog) => void;
  readonly endStep: (digest: string) => void;
  readonly end: () => void;
}

function followOutput(
  table: StepTable,
  onEvent: (event: BuildEvent) => void,
  hide: (text: string) => string,
): OutputFollower {
  type Streams = Partial<Record<VertexLog["stream"], LineSplitter>>;
  const open = new Map<string, Streams>();
  const splitter = (digest: string, stream: VertexLog["stream"]): LineSplitter =>
    splitLines(LONGEST_LINE, (text) => {
      const known = table.find(digest);
      const line = hide(text);
      table.addLine(known, line);
      onEvent({ kind: "output", step: known.step, stream, line });
    });
  const endStep = (digest: string): void => {
    const streams = open.get(digest);
    streams?.stdout?.end();
    streams?.stderr?.end();
    open.delete(digest);
  };
  return {
    take: ({ vertex, stream, data }) => {
      const streams = open.get(vertex) ?? {};
      open.set(vertex, streams);
      streams[stream] ??= splitter(vertex, stream);
      streams[stream].push(data);
    },
    endStep,
    end: () => [...open.keys()].forEach(endStep),
  };
}

function followTransfers(
  table: StepTable,
  onEvent: (event: BuildEvent) => void,
  hide: (text: string) => string,
): (transfer: VertexTransfer) => void {
  const shownAt = new Map<string, number>();
  return ({ id, vertex, current, total, completed }) => {
    const key = `${vertex}\0${id}`;
    const isFinished = completed !== undefined;
    const now = performance.now();
    if (!isFinished && now - (shownAt.get(key) ?? -TRANSFER_MS) < TRANSFER_MS) return;
    if (isFinished) shownAt.delete(key);
    else shownAt.set(key, now);
    const { step } = table.find(vertex);
    const [, context] = CONTEXT.exec(id) ?? [];
    if (context !== undefined && !BEFORE.test(step.name)) {
      onEvent({ kind: "context-sent", context: hide(context), bytes: current, isFinished });
      return;
    }
    onEvent({ kind: "transfer", step, what: hide(id), current, total, isFinished });
  };
}

function millisecondsOf({ started, completed }: Vertex): number {
  const passed = Date.parse(completed ?? "") - Date.parse(started ?? "");
  return Number.isFinite(passed) ? Math.max(0, passed) : 0;
}

// SPDX-License-Identifier: MIT
import { Worker } from "node:worker_threads";
import type { MessagePort, WorkerOptions } from "node:worker_threads";

/** What the code of a worker gets to work with. */
export interface WorkerContext {
  /** Loads CommonJS modules; `data` brings the paths of those that are not Node's. */
  readonly require: (module: string) => unknown;
  readonly port: MessagePort;
  /** What the starter passed on, as structured clone. */
  readonly data: unknown;
}

/**
 * Starts a worker that runs `main`: the one place that does. `main` is sent as its text, so it may
 * use nothing but its argument and JavaScript's globals. (A worker started from a `.ts` file needs
 * Node 22.18; this one runs from source and from `dist` on every Node.) It holds up the end of
 * the process until `unref()`.
 */
export function startWorker(
  main: (context: WorkerContext) => void,
  data: unknown,
  { resourceLimits = {} }: Pick<WorkerOptions, "resourceLimits"> = {},
): Worker {
  const code = `(${main.toString()})({ require, port: require("node:worker_threads").parentPort, data: require("node:worker_threads").workerData })`;
  return new Worker(code, {
    eval: true,
    execArgv: [],
    workerData: data,
    stdout: true,
    stderr: true,
    resourceLimits,
  });
}

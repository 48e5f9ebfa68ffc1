// SPDX-License-Identifier: MIT
import { Worker } from "node:worker_threads";
import type { MessagePort, WorkerOptions } from "node:worker_threads";

/** What the code of a worker can use. */
export interface WorkerContext {
  /** Loads CommonJS modules: Node's by name, others by a path that `data` has to contain. */
  readonly require: (module: string) => unknown;
  readonly port: MessagePort;
  /** The `data` of {@link startWorker}, as a structured clone. */
  readonly data: unknown;
}

/**
 * Starts a worker that runs `main`; all workers of the library start here. `main` is sent as its source text,
 * so it may use nothing but its argument and JavaScript's globals. (A worker from a `.ts` file would need
 * Node 22.18; this way it runs from source and from `dist` on every Node.) The worker keeps the process alive
 * until `unref()`.
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

/** Waits until `wake` is called, which `start` is given. */
export type WaitForWorker = (start: (wake: () => void) => void) => Promise<void>;

/** Waits for messages of a worker, which keeps the process alive only meanwhile. */
export function waitForWorker(worker: Worker): WaitForWorker {
  worker.unref();
  let waiting = 0;
  return async (start) => {
    if (waiting === 0) worker.ref();
    waiting += 1;
    await new Promise<void>(start);
    waiting -= 1;
    if (waiting === 0) worker.unref();
  };
}

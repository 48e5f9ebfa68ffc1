// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import type { Worker } from "node:worker_threads";
import { startWorker, type WorkerContext } from "../../bytes/start-worker.ts";

/** Compares passwords with bcrypt hashes in a thread of its own, because one check takes a tenth of a second. */
export interface BcryptThread {
  /** Comparisons are made one after the other. Rejects when the thread failed. */
  compare(password: string, hash: string): Promise<boolean>;
  close(): Promise<void>;
}

interface Asker {
  readonly resolve: (isSame: boolean) => void;
  readonly reject: (error: Error) => void;
}

/** The thread starts with the first comparison, again after a failure, and does not keep the process alive. */
export function createBcryptThread(): BcryptThread {
  let worker: Worker | undefined;
  let askers: Asker[] = [];

  const start = (): Worker => {
    const path = createRequire(import.meta.url).resolve("bcryptjs");
    const started = startWorker(compareAll, path);
    const fail = (error: Error): void => {
      if (worker === started) worker = undefined;
      for (const { reject } of askers.splice(0)) reject(error);
    };
    started.on("message", (isSame: boolean) => askers.shift()?.resolve(isSame));
    started.on("error", fail);
    started.on("exit", () => fail(new Error("the thread that checks passwords ended")));
    started.unref();
    return started;
  };
  return {
    compare: (password, hash) => {
      worker ??= start();
      const thread = worker;
      return new Promise((resolve, reject) => {
        askers.push({ resolve, reject });
        thread.postMessage([password, hash]);
      });
    },
    close: async () => {
      askers = [];
      await worker?.terminate();
    },
  };
}

/** Runs in the thread, and uses only its parameter. `data` is the path of bcryptjs. */
function compareAll({ require, port, data }: WorkerContext): void {
  const { compareSync } = require(data as string) as {
    compareSync: (password: string, hash: string) => boolean;
  };
  port.on("message", ([password, hash]: [string, string]) => {
    port.postMessage(compareSync(password, hash));
  });
}

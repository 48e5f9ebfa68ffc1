// SPDX-License-Identifier: MIT
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { startWorker, waitForWorker, type WaitForWorker } from "../../bytes/start-worker.ts";
import type { DigestAlgorithm } from "../../oci/digest.ts";
import { runHashingThread, type HashReply, type HashRequest } from "./hashing-thread.ts";

/**
 * The hash of a file from its first byte on, computed in another thread from what is in the file, even while the file
 * still grows. Its memory is the file's own pages, so nothing is copied between threads, and a thread that falls behind
 * holds nobody up. All threads of a process share its file descriptors.
 */
export interface FileHasher {
  /**
   * Says that the file has bytes up to `end`, and reads on up to there through this descriptor. It must stay open until
   * {@link settle} says so.
   */
  readTo(fd: number, end: number): void;
  /** Resolves when all was read, or reading has failed: no descriptor is used any more. */
  settle(): Promise<void>;
  /** The digest of what was read, as hex, once: this ends the hasher. @throws Error when reading or the thread failed */
  hex(): Promise<string>;
  /** Ends the hasher without a digest. Resolves as {@link settle}. Idempotent. */
  drop(): Promise<void>;
}

/** Bytes that are worth a message to the thread. */
const STEP = 1024 * 1024;

/** The thread's only garbage are messages. */
const SMALL = { maxYoungGenerationSizeMb: 1 };

interface Thread {
  readonly worker: Worker;
  readonly hear: Map<number, (reply: HashReply) => void>;
  readonly wait: WaitForWorker;
}

let thread: Thread | undefined;
let begun = 0;
let hasFailed = false;

/**
 * Whether another thread can hash while this one works: not on a machine with one processor, and not once the thread has
 * failed.
 */
export function canHashMeanwhile(): boolean {
  return !hasFailed && availableParallelism() > 1;
}

/** Opens a hasher in the one thread that hashes files; the first call starts it. */
export function openFileHasher(algorithm: DigestAlgorithm): FileHasher {
  const id = (begun += 1);
  const { worker, hear, wait } = (thread ??= startThread());
  let [told, wanted, read] = [0, 0, 0];
  let last: number | undefined;
  let isOver = false;
  let result: { readonly hex?: string; readonly failure?: string } | undefined;
  let waiting: (() => void)[] = [];

  const ask = (request: HashRequest): void => worker.postMessage(request);
  const tellEnd = (): void => {
    if (last === undefined || told === wanted || isOver || result !== undefined) return;
    told = wanted;
    ask({ id, ask: "read", algorithm, fd: last, end: told });
  };
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) await wait((wake) => waiting.push(wake));
  };
  const settle = (): Promise<void> => {
    tellEnd();
    return until(() => read === wanted || result !== undefined);
  };
  hear.set(id, (reply) => {
    if (reply.tell === "read") read = reply.at;
    else {
      hear.delete(id);
      if (reply.tell === "failed") ask({ id, ask: "drop" });
      result = {
        ...(reply.tell === "hex" && { hex: reply.hex }),
        ...(reply.tell === "failed" && { failure: reply.message }),
      };
    }
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  });
  return {
    readTo(fd, end) {
      last = fd;
      wanted = end;
      if (wanted - told >= STEP) tellEnd();
    },
    settle,
    async hex() {
      await settle();
      if (!isOver && result === undefined) ask({ id, ask: "hex" });
      isOver = true;
      await until(() => result !== undefined);
      if (result?.hex !== undefined) return result.hex;
      throw new Error(result?.failure ?? "the hash of a file was dropped");
    },
    async drop() {
      if (!isOver && result === undefined) ask({ id, ask: "drop" });
      isOver = true;
      await until(() => result !== undefined);
    },
  };
}

function startThread(): Thread {
  const worker = startWorker(runHashingThread, undefined, { resourceLimits: SMALL });
  const started: Thread = { worker, hear: new Map(), wait: waitForWorker(worker) };
  const fail = (message: string): void => {
    if (thread === started) thread = undefined;
    hasFailed = true;
    for (const [id, hear] of [...started.hear]) hear({ id, tell: "failed", message });
  };
  worker.on("message", (reply: HashReply) => started.hear.get(reply.id)?.(reply));
  worker.on("error", (error) => fail(String(error)));
  worker.on("exit", () => fail("the thread that hashes files ended"));
  return started;
}

// SPDX-License-Identifier: MIT
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { startWorker } from "../start-worker.ts";
import type { DeflateBlock, DeflatedBlock } from "./deflate-block.ts";
import { WINDOW } from "./deflate-block.ts";
import { deflateModule } from "./deflate-module.ts";
import { runDeflateWorker, type DeflateWorkerData } from "./deflate-worker.ts";

/** The main thread makes and hashes a layer no faster than three or four threads compress it. */
const MOST_THREADS = 4;
/** How long threads without a stream are kept for the next one, in milliseconds. */
const KEPT = 500;
/** A thread makes no garbage but its messages. */
const SMALL = { maxYoungGenerationSizeMb: 1 };

interface Thread {
  readonly worker: Worker;
  isOnline: boolean;
  /** Who waits for the outcome of the blocks that were sent to it, the oldest first. */
  readonly waiting: Waiting[];
}

interface Waiting {
  readonly resolve: (block: DeflatedBlock) => void;
  readonly reject: (error: Error) => void;
}

const threads: Thread[] = [];
let users = 0;
let closing: NodeJS.Timeout | undefined;

/** Threads that compress blocks of any number of streams. They keep the process alive only while they do. */
export interface DeflateThreads {
  /** How many blocks can be compressed at once. */
  readonly count: number;
  /** Whether one of them can begin at once: then sending it even a small block is worth it. */
  readonly areReady: boolean;
  /** Starts all of them, unless they are running. The caller goes on meanwhile: it takes them 30 ms. */
  start(): void;
  /** Takes the block's memory away, and returns it. @throws Error `Z_MEM_ERROR` when the thread died */
  deflate(block: DeflateBlock): Promise<DeflatedBlock>;
  /** Ends the threads a little later if nobody else uses them. Idempotent. */
  close(): void;
}

/** Opens the threads, which start when they are first needed. The caller closes them. */
export function openDeflateThreads(): DeflateThreads {
  const count = Math.min(availableParallelism(), MOST_THREADS);
  let isOpen = true;
  users += 1;
  clearTimeout(closing);
  return {
    count,
    get areReady() {
      return threads.some(({ isOnline }) => isOnline);
    },
    start() {
      while (threads.length < count) startThread();
    },
    deflate: (block) =>
      new Promise((resolve, reject) => {
        const { worker, waiting } = chooseThread(count);
        if (waiting.length === 0) worker.ref();
        waiting.push({ resolve, reject });
        worker.postMessage(block, [block.memory]);
      }),
    close() {
      if (!isOpen) return;
      isOpen = false;
      users -= 1;
      if (users === 0) closing = setTimeout(endThreads, KEPT).unref();
    },
  };
}

/** The thread with the least to do, or a new one if all have something to do. */
function chooseThread(most: number): Thread {
  const [first] = threads.toSorted((one, other) => one.waiting.length - other.waiting.length);
  const isFree = first?.waiting.length === 0 || threads.length >= most;
  return first !== undefined && isFree ? first : startThread();
}

function startThread(): Thread {
  const data: DeflateWorkerData = { module: deflateModule(), window: WINDOW };
  const worker = startWorker(runDeflateWorker, data, { resourceLimits: SMALL });
  worker.unref();
  const thread: Thread = { worker, isOnline: false, waiting: [] };
  worker.on("online", () => (thread.isOnline = true));
  worker.on("message", (block: DeflatedBlock) => {
    thread.waiting.shift()?.resolve(block);
    if (thread.waiting.length === 0) worker.unref();
  });
  const fail = (message: string): void => {
    if (threads.includes(thread)) threads.splice(threads.indexOf(thread), 1);
    const error = Object.assign(new Error(message), { code: "Z_MEM_ERROR" });
    for (const { reject } of thread.waiting.splice(0)) reject(error);
  };
  worker.on("error", (error) => fail(String(error)));
  worker.on("exit", () => fail("its thread ended"));
  threads.push(thread);
  return thread;
}

function endThreads(): void {
  for (const { worker } of threads.splice(0)) void worker.terminate();
}

// SPDX-License-Identifier: MIT
import type * as Crypto from "node:crypto";
import type * as FileSystem from "node:fs";
import { closeSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { throwIfAborted } from "../bytes/abort.ts";
import type { AbortOptions } from "../bytes/bytes.ts";
import { startWorker, type WorkerContext } from "../bytes/start-worker.ts";
import { digestOf, type Digest } from "../oci/digest.ts";
import { hashOpenFile } from "./read-file.ts";

/** The result for one file: its digest, or the system's message why it cannot be read. */
export type HashOutcome = { readonly digest: Digest } | { readonly failure: string };

/** Hashes files, in threads of its own once there is enough to do. All threads of a process share its file descriptors. */
export interface ContentHasher {
  /** Takes a file descriptor over and closes it. `tell` gets the result, during this call or later. */
  add(fd: number, size: number, tell: (outcome: HashOutcome) => void): void;
  /** A promise while enough files wait, which settles when there are fewer; undefined when more may be added at once. */
  readonly pause: () => Promise<void> | undefined;
  /** Waits until every result was given. @throws OciError `aborted`; the error of a thread that failed */
  finish(options?: AbortOptions): Promise<void>;
  /** Ends the threads and closes files not yet read; `tell` is not called any more. Idempotent. */
  close(): Promise<void>;
}

export interface ContentHasherOptions {
  /** How many bytes are hashed in this thread before others are started. Default: 16 MiB. */
  readonly threshold?: number | undefined;
}

/** In bytes: starting a thread takes as long as hashing this much. */
const THRESHOLD = 16 * 1024 * 1024;
const MOST_THREADS = 4;
/** How many files may wait; each holds a file descriptor open. */
const MOST_WAITING = 256;
const BATCH_FILES = 32;
const BATCH_BYTES = 4 * 1024 * 1024;

type Job = [id: number, fd: number];
type Answer = [id: number, hex: string | undefined, failure: string];

interface Thread {
  readonly worker: Worker;
  readonly ended: Promise<unknown>;
  waiting: number;
}

/** Starts a hasher. The caller closes it. */
export function createContentHasher({
  threshold = THRESHOLD,
}: ContentHasherOptions = {}): ContentHasher {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const waiting = new Map<
    number,
    { readonly fd: number; readonly tell: (outcome: HashOutcome) => void }
  >();
  const threads: Thread[] = [];
  let batch: Job[] = [];
  let [bytes, batchBytes, nextId] = [0, 0, 0];
  let failure: { readonly cause: unknown } | undefined;
  let wake: (() => void) | undefined;

  const start = (): Thread => {
    const worker = startWorker(hashFiles, stop);
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    const thread: Thread = { worker, ended, waiting: 0 };
    worker.on("message", (answers: Answer[]) => {
      thread.waiting -= answers.length;
      for (const [id, hex, why] of answers) {
        const job = waiting.get(id);
        waiting.delete(id);
        if (job === undefined) continue;
        closeSync(job.fd);
        job.tell(hex === undefined ? { failure: why } : { digest: digestOf("sha256", hex) });
      }
      wake?.();
    });
    worker.on("error", (cause) => {
      failure ??= { cause };
      wake?.();
    });
    return thread;
  };
  const send = (): void => {
    if (batch.length === 0) return;
    while (threads.length < Math.min(availableParallelism(), MOST_THREADS)) threads.push(start());
    const [first, ...others] = threads;
    const idlest = others.reduce(
      (one, other) => (other.waiting < one.waiting ? other : one),
      first!,
    );
    idlest.waiting += batch.length;
    idlest.worker.postMessage(batch);
    [batch, batchBytes] = [[], 0];
  };
  const until = async (isDone: () => boolean, { signal }: AbortOptions = {}): Promise<void> => {
    const onAbort = (): void => wake?.();
    signal?.addEventListener("abort", onAbort);
    try {
      send();
      while (!isDone() && failure === undefined) {
        throwIfAborted(signal, "hashing files");
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
    if (failure !== undefined) throw failure.cause;
  };
  return {
    add(fd, size, tell) {
      bytes += size;
      if (bytes <= threshold) {
        tell(hashNow(fd));
        return;
      }
      waiting.set(nextId, { fd, tell });
      batch.push([nextId, fd]);
      nextId += 1;
      batchBytes += size;
      if (batch.length >= BATCH_FILES || batchBytes >= BATCH_BYTES) send();
    },
    pause: () =>
      waiting.size < MOST_WAITING ? undefined : until(() => waiting.size < MOST_WAITING / 2),
    finish: (options) => until(() => waiting.size === 0, options),
    async close() {
      Atomics.store(stop, 0, 1);
      const all = threads.splice(0);
      for (const { worker } of all) worker.removeAllListeners("message").postMessage(undefined);
      await Promise.all(all.map(({ ended }) => ended));
      for (const { fd } of waiting.values()) closeSync(fd);
      waiting.clear();
    },
  };
}

function hashNow(fd: number): HashOutcome {
  try {
    return { digest: hashOpenFile(fd) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Runs in the thread, and uses only its parameters. It leaves the file descriptors open: Node warns when a thread
 * closes one that another thread opened.
 */
function hashFiles({ require, port, data }: WorkerContext): void {
  const { readSync } = require("node:fs") as typeof FileSystem;
  const { createHash } = require("node:crypto") as typeof Crypto;
  const stop = data as Int32Array;
  const chunk = new Uint8Array(256 * 1024);
  const hash = (fd: number): string | undefined => {
    const hasher = createHash("sha256");
    for (let count = -1; count !== 0;) {
      if (Atomics.load(stop, 0) !== 0) return undefined;
      count = readSync(fd, chunk);
      hasher.update(count === chunk.length ? chunk : chunk.subarray(0, count));
    }
    return hasher.digest("hex");
  };
  port.on("message", (jobs: Job[] | undefined) => {
    if (jobs === undefined) {
      port.close();
      return;
    }
    port.postMessage(
      jobs.map(([id, fd]): Answer => {
        try {
          return [id, hash(fd), "stopped"];
        } catch (error) {
          return [id, undefined, String(error)];
        }
      }),
    );
  });
}

// SPDX-License-Identifier: MIT
import type { Worker } from "node:worker_threads";
import type { DigestAlgorithm } from "../../oci/digest.ts";
import { CHUNK_SIZE } from "./gunzip.ts";
import { runGunzipWorker, type GunzipReply, type GunzipRequest } from "./thread-body.ts";
import { startWorker, waitForWorker, type WaitForWorker } from "../start-worker.ts";

/** A gzip stream that is decompressed in another thread. */
export interface GunzipStream {
  /** Hands over a copy of the bytes. Resolves when there is room for more, or the stream was closed. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that no more will be written. */
  end(): void;
  /** Says that no more can be written. The reader gets what was written so far, and then this error. */
  fail(error: unknown): void;
  /**
   * The decompressed bytes, to be read once.
   * @throws what {@link GunzipStream.fail} was told; an Error with the decoder's code
   */
  read(): AsyncGenerator<Uint8Array>;
  /** The digest of the decompressed bytes as hex, after they were read to the end. */
  hex(): string;
  /** Frees the stream, whether it was read to the end or not. Idempotent. */
  close(): void;
}

const SLOTS = 8;
/** Slots that one message returns to the worker. Fewer than {@link SLOTS}, or both sides would wait for each other. */
const SLOTS_A_MESSAGE = 4;
/** Bytes that may wait to be decompressed. */
const MOST_WAITING = 512 * 1024;
/** How many rings of closed streams are kept for the next ones. */
const MOST_RINGS = 3;

/**
 * The worker's only garbage is buffers that zlib was given. With V8's usual size, 40 MB of them were waiting
 * for collection on Node 24.
 */
const SMALL = { maxYoungGenerationSizeMb: 2 };

interface Thread {
  readonly worker: Worker;
  readonly streams: Map<number, (reply: GunzipReply) => void>;
  readonly wait: WaitForWorker;
}

let thread: Thread | undefined;
let opened = 0;
const rings: SharedArrayBuffer[] = [];

/**
 * Opens a stream in the one thread that decompresses; the first call starts it. It inflates and hashes while
 * this thread works with what came out. (Decoders in the main thread allocate memory for each chunk, and
 * collecting that garbage took an eighth of the processor time of an unpack.)
 */
export function openGunzip(algorithm: DigestAlgorithm): GunzipStream {
  const stream = (opened += 1);
  const { worker, streams, wait } = (thread ??= startThread());
  const ring = rings.pop() ?? new SharedArrayBuffer(SLOTS * CHUNK_SIZE);
  const bytes = new Uint8Array(ring);
  const replies: GunzipReply[] = [];
  const waiting: number[] = [];
  let [total, isOver, isWhole] = [0, false, false];
  let failure: { readonly error: unknown } | undefined;
  let hex = "";
  let wakeReader = noop;
  let wakeWriter = noop;

  const ask = (request: GunzipRequest, transfer: ArrayBuffer[] = []): void =>
    worker.postMessage(request, transfer);
  const hear = (reply: GunzipReply): void => {
    if (reply.tell === "taken") {
      total -= waiting.shift()!;
      wakeWriter();
      return;
    }
    replies.push(reply);
    wakeReader();
  };
  streams.set(stream, hear);
  ask({ ask: "open", stream, ring, slotSize: CHUNK_SIZE, slots: SLOTS, algorithm });
  return {
    async write(chunk) {
      // A copy: sending a message gives its memory away, and the memory of a chunk belongs to somebody else.
      const own = new Uint8Array(chunk);
      waiting.push(own.length);
      total += own.length;
      ask({ ask: "write", stream, bytes: own }, [own.buffer]);
      while (total > MOST_WAITING && !isOver) {
        await new Promise<void>((resolve) => (wakeWriter = resolve));
      }
    },
    end: () => ask({ ask: "end", stream }),
    fail(error) {
      failure = { error };
      ask({ ask: "end", stream });
    },
    async *read() {
      let read = 0;
      for (;;) {
        const reply = replies.shift();
        if (reply?.tell === "slot") {
          const at = reply.slot * CHUNK_SIZE;
          yield bytes.subarray(at, at + reply.length);
          read += 1;
          if (read % SLOTS_A_MESSAGE === 0) ask({ ask: "free", stream, slots: SLOTS_A_MESSAGE });
        } else if (reply?.tell === "done") {
          if (failure !== undefined) throw failure.error;
          ({ hex } = reply);
          isWhole = true;
          return;
        } else if (reply?.tell === "failed") {
          // the decoder misses what the source could not give: the source's error is the one to report
          if (failure !== undefined && reply.code === "Z_BUF_ERROR") throw failure.error;
          throw Object.assign(new Error(reply.message), { code: reply.code });
        } else {
          await wait((wake) => (wakeReader = wake));
        }
      }
    },
    hex: () => hex,
    close() {
      if (isOver) return;
      isOver = true;
      wakeWriter();
      ask({ ask: "close", stream });
      streams.delete(stream);
      // A reader that left early may still look at its last chunk, so only the memory of a stream read to its
      // end is used again.
      if (isWhole && rings.length < MOST_RINGS) rings.push(ring);
    },
  };
}

function startThread(): Thread {
  const worker = startWorker(runGunzipWorker, undefined, { resourceLimits: SMALL });
  const started: Thread = { worker, streams: new Map(), wait: waitForWorker(worker) };
  const fail = (message: string): void => {
    if (thread === started) thread = undefined;
    for (const [stream, hear] of started.streams) {
      hear({ stream, tell: "failed", code: "Z_MEM_ERROR", message });
    }
  };
  worker.on("message", (reply: GunzipReply) => started.streams.get(reply.stream)?.(reply));
  worker.on("error", (error) => fail(String(error)));
  worker.on("exit", () => fail("its thread ended"));
  return started;
}

function noop(): void {
  // nobody waits yet
}

// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import type { Bytes } from "../bytes.ts";
import { startWorker } from "../start-worker.ts";
import type { ZstdEngine } from "./zstd-engine.ts";
import { runZstdWorker } from "./wasm-worker.ts";
import type { ZstdReply, ZstdRequest } from "./wasm-worker.ts";

/** Each is a worker with a module of its own, which takes 30 to 100 MB. */
const ENCODERS = 4;

/**
 * The engine of zstd-codec, zstd as WebAssembly, for Node 20. Its memory is fixed at 16 MiB, and it aborts
 * when that is not enough; so it runs in a worker, and takes windows of at most 8 MiB and levels up to 9.
 * (Level 11 aborts. So does a second stream with an 8 MiB window, unless the first one was freed.)
 */
export function codecZstd(): ZstdEngine {
  return {
    name: "codec",
    largestWindow: 8 * 1024 * 1024,
    highestLevel: 9,
    encodersAtOnce: ENCODERS,
    decode: (pieces) => convert(pieces, { ask: "decode" }),
    encode: (bytes, level) => convert(bytes, { ask: "encode", level }),
  };
}

/** Bytes of one message. The module copies each into its own memory, which has no room for a chunk of 15 MB. */
const PIECE = 256 * 1024;

/** Passes bytes through a stream of a worker. While the reader has one chunk, the worker is at the next one. */
async function* convert(bytes: Bytes, open: ZstdRequest): AsyncGenerator<Uint8Array> {
  const codec = takeCodec();
  const replies: Promise<Uint8Array>[] = [codec.ask(open)];
  try {
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        // a copy: sending a message gives its memory away, and the memory of a chunk belongs to somebody else
        const own = new Uint8Array(chunk.subarray(at, at + PIECE));
        replies.push(codec.ask({ ask: "write", bytes: own }, [own.buffer]));
        yield* outcome(replies, 1);
      }
    }
    replies.push(codec.ask({ ask: "end" }));
    yield* outcome(replies, 0);
  } finally {
    await Promise.allSettled(replies);
    await codec.release();
  }
}

/** Yields the results of the oldest replies, until only `left` replies are outstanding. */
async function* outcome(replies: Promise<Uint8Array>[], left: number): AsyncGenerator<Uint8Array> {
  while (replies.length > left) {
    const [first] = replies;
    const bytes = await first!;
    void replies.shift();
    if (bytes.length > 0) yield bytes;
  }
}

/** A worker with at most one stream. */
interface Codec {
  /** Sends a request. Replies come in the order of the requests. */
  ask(request: ZstdRequest, transfer?: ArrayBuffer[]): Promise<Uint8Array>;
  /** Keeps the process alive while a stream is open. */
  hold(): void;
  /** Frees the stream, then keeps the worker for the next one, or ends it when it failed. */
  release(): Promise<void>;
}

/** A worker without a stream, kept for the next one. When another becomes free meanwhile, that one is ended. */
let idle: Codec | undefined;

function takeCodec(): Codec {
  const codec = idle ?? startCodec();
  idle = undefined;
  codec.hold();
  return codec;
}

/** The functions that settle the promise of one reply. */
interface Asker {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

function startCodec(): Codec {
  const path = createRequire(import.meta.url).resolve("zstd-codec/lib/module.js");
  const worker = startWorker(runZstdWorker, path);
  const askers: Asker[] = [];
  let failure: Error | undefined;

  const fail = (error: Error): void => {
    failure ??= error;
    for (const asker of askers.splice(0)) asker.reject(error);
    if (idle === codec) idle = undefined;
  };
  worker.on("message", (reply: ZstdReply) => {
    const asker = askers.shift();
    if ("bytes" in reply) asker?.resolve(reply.bytes);
    else asker?.reject((failure ??= codecError(reply.failure, reply.reason)));
  });
  worker.on("error", (error) => fail(codecError("died", String(error))));
  worker.on("exit", () => fail(codecError("died", "its worker ended")));

  const codec: Codec = {
    ask(request, transfer = []) {
      const reply = new Promise<Uint8Array>((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        askers.push({ resolve, reject });
        worker.postMessage(request, transfer);
      });
      reply.catch(noop);
      return reply;
    },
    hold: () => worker.ref(),
    async release() {
      await codec.ask({ ask: "close" }).catch(noop);
      if (failure !== undefined || idle !== undefined) {
        await worker.terminate();
        return;
      }
      worker.unref();
      idle = codec;
    },
  };
  return codec;
}

/** An error with a code that says that it is the codec's, as the errors of node:zlib have one. */
function codecError(failure: "refused" | "died", reason: string): Error {
  return Object.assign(new Error(reason), { code: `ZSTD_${failure}` });
}

function noop(): void {
  // the failure is reported where the reply is awaited
}

// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import type { Bytes } from "../bytes.ts";
import { startWorker } from "../worker.ts";
import type { ZstdEngine } from "./zstd-engine.ts";
import { runZstdWorker } from "./wasm-worker.ts";
import type { ZstdReply, ZstdRequest } from "./wasm-worker.ts";

/**
 * The engine of zstd-codec, zstd as WebAssembly, for Node 20. It runs in a worker because it can abort:
 * its memory is 16 MiB, fixed, which is also why windows end at 8 MiB and levels at 9. (Level 11
 * aborts; an 8 MiB window does from the second stream on, unless the first was freed.)
 */
export function codecZstd(): ZstdEngine {
  return {
    name: "codec",
    largestWindow: 8 * 1024 * 1024,
    highestLevel: 9,
    decode: (pieces) => convert(pieces, { ask: "decode" }),
    encode: (bytes, level) => convert(bytes, { ask: "encode", level }),
  };
}

/** Bytes of one message: the module copies each into its own memory, where a chunk of 15 MB has no place. */
const PIECE = 256 * 1024;

/** Passes bytes through a stream of a worker: while one chunk is with the reader, the worker is at the next. */
async function* convert(bytes: Bytes, open: ZstdRequest): AsyncGenerator<Uint8Array> {
  const codec = takeCodec();
  const replies: Promise<Uint8Array>[] = [codec.ask(open)];
  try {
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        // a copy: a message takes its memory along, and the memory of a chunk is not ours to give
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

/** What the first replies brought, until only `left` are awaited. */
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
  /** The reply of the worker; replies come in the order of the questions. */
  ask(request: ZstdRequest, transfer?: ArrayBuffer[]): Promise<Uint8Array>;
  /** Keeps the process going as long as replies are awaited. */
  hold(): void;
  /** Frees the stream, then keeps the worker for the next one, or ends it when it failed. */
  release(): Promise<void>;
}

/** The last worker that has become free. Another one that becomes free while it waits is ended. */
let idle: Codec | undefined;

function takeCodec(): Codec {
  const codec = idle ?? startCodec();
  idle = undefined;
  codec.hold();
  return codec;
}

/** Somebody who waits for a reply. */
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

/** An error that names itself as a decoder's, as those of node:zlib do. */
function codecError(failure: "refused" | "died", reason: string): Error {
  return Object.assign(new Error(reason), { code: `ZSTD_${failure}` });
}

function noop(): void {
  // whoever asked looks at the reply in its turn
}

// SPDX-License-Identifier: MIT
import type { WorkerContext } from "../start-worker.ts";

/** A message to the worker. Each gets one {@link ZstdReply}, in order. */
export type ZstdRequest =
  | { readonly ask: "decode" }
  | { readonly ask: "encode"; readonly level: number }
  | { readonly ask: "write"; readonly bytes: Uint8Array }
  | { readonly ask: "end" }
  /** Frees the stream; harmless when there is none. */
  | { readonly ask: "close" };

/** The bytes that came out; or a failure, after which the worker can't be used any more. */
export type ZstdReply =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly failure: "refused" | "died"; readonly reason: string };

/** A stream of zstd-codec's WebAssembly module. Each call returns whether it succeeded. */
interface CodecStream {
  begin(level?: number): boolean;
  transform(bytes: Uint8Array, sink: (bytes: Uint8Array) => void): boolean;
  end(sink: (bytes: Uint8Array) => void): boolean;
  delete(): void;
}

interface CodecModule {
  readonly ZstdCompressStreamBinding: new () => CodecStream;
  readonly ZstdDecompressStreamBinding: new () => CodecStream;
}

/**
 * The worker's code, for one zstd-codec stream at a time. `context.data` is the path of zstd-codec's
 * `lib/module.js`. The code is sent as text, so it can use nothing outside of itself.
 */
export function runZstdWorker({ require, port, data }: WorkerContext): void {
  const module = require(data as string) as { run(ready: (codec: CodecModule) => void): void };
  module.run((codec) => {
    let stream: CodecStream | undefined;

    /** Does what is asked with the stream. Returns whether it succeeded. */
    const perform = (request: ZstdRequest, sink: (bytes: Uint8Array) => void): boolean => {
      switch (request.ask) {
        case "decode":
          stream = new codec.ZstdDecompressStreamBinding();
          return stream.begin();
        case "encode":
          stream = new codec.ZstdCompressStreamBinding();
          return stream.begin(request.level);
        case "write":
          return stream?.transform(request.bytes, sink) ?? false;
        case "end":
          return stream?.end(sink) ?? false;
        case "close":
          stream?.delete();
          stream = undefined;
          return true;
      }
    };

    const answer = (request: ZstdRequest): ZstdReply => {
      const chunks: Uint8Array[] = [];
      try {
        const well = perform(request, (bytes) => void chunks.push(bytes));
        if (!well) return { failure: "refused", reason: "the data is corrupt" };
      } catch (error) {
        // when its 16 MiB are not enough, the module throws a string, and works no more
        return { failure: "died", reason: String(error) };
      }
      const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
      let at = 0;
      for (const chunk of chunks) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return { bytes };
    };

    port.on("message", (request: ZstdRequest) => {
      const reply = answer(request);
      port.postMessage(reply, "bytes" in reply ? [reply.bytes.buffer] : []);
    });
  });
}

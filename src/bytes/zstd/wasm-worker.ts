// SPDX-License-Identifier: MIT
import type { WorkerContext } from "../worker.ts";

/** What the client asks of the worker; each gets one {@link ZstdReply}, in order. */
export type ZstdRequest =
  | { readonly ask: "decode" }
  | { readonly ask: "encode"; readonly level: number }
  | { readonly ask: "write"; readonly bytes: Uint8Array }
  | { readonly ask: "end" }
  /** Frees the stream; harmless when there is none. */
  | { readonly ask: "close" };

/** What came out; or why nothing will, after which the worker is of no more use. */
export type ZstdReply =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly failure: "refused" | "died"; readonly reason: string };

/** The stream of zstd-codec's WebAssembly module: each call says whether it went well. */
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
 * The worker's code: one zstd-codec stream at a time. `context.data` is the path of zstd-codec's
 * `lib/module.js`. It is sent to the worker as text: nothing outside of it exists there.
 */
export function runZstdWorker({ require, port, data }: WorkerContext): void {
  const module = require(data as string) as { run(ready: (codec: CodecModule) => void): void };
  module.run((codec) => {
    let stream: CodecStream | undefined;

    /** Opens or closes what there is, or passes bytes through it: whether it went well. */
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
        // out of its 16 MiB, the module throws a string and is dead from then on
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

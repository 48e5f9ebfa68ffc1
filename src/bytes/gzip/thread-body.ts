// SPDX-License-Identifier: MIT
import type * as Crypto from "node:crypto";
import type * as Zlib from "node:zlib";
import type { DigestAlgorithm } from "../../oci/digest.ts";
import type { WorkerContext } from "../start-worker.ts";

/** A message to the worker. `stream` is the number of the stream that it is about. */
export type GunzipRequest = { readonly stream: number } & (
  | {
      readonly ask: "open";
      /**
       * Shared memory of `slots` times `slotSize` bytes. Decompressed bytes are put into its slots, one after
       * the other.
       */
      readonly ring: SharedArrayBuffer;
      readonly slotSize: number;
      readonly slots: number;
      /** Hashes the decompressed bytes. */
      readonly algorithm: DigestAlgorithm;
    }
  | { readonly ask: "write"; readonly bytes: Uint8Array }
  | { readonly ask: "end" }
  /** The reader is done with this many more slots. */
  | { readonly ask: "free"; readonly slots: number }
  /** Ends a stream early. No messages about it follow, except those already sent. */
  | { readonly ask: "close" }
);

/** A message from the worker. `done` or `failed` is the last one about a stream. */
export type GunzipReply = { readonly stream: number } & (
  | { readonly tell: "slot"; readonly slot: number; readonly length: number }
  /** The oldest chunk that was written has been decompressed. */
  | { readonly tell: "taken" }
  | { readonly tell: "done"; readonly hex: string }
  | { readonly tell: "failed"; readonly code: string | undefined; readonly message: string }
);

/**
 * The worker's code, for any number of gzip streams at a time. It is sent as text, so it can use nothing
 * outside of itself.
 */
export function runGunzipWorker({ require, port }: WorkerContext): void {
  const { createGunzip } = require("node:zlib") as typeof Zlib;
  const { createHash } = require("node:crypto") as typeof Crypto;
  const MOST_WAITING = 4;
  const streams = new Map<number, ReturnType<typeof openStream>>();
  const tell = (reply: GunzipReply): void => port.postMessage(reply);

  const openStream = (open: GunzipRequest & { readonly ask: "open" }) => {
    const { stream, slotSize, slots, algorithm } = open;
    const ring = new Uint8Array(open.ring);
    const hash = createHash(algorithm);
    const input: Uint8Array[] = [];
    const output: Uint8Array[] = [];
    let [isEnded, isClosed, isPlanned] = [false, false, false];
    let [next, free] = [0, slots];
    let decoder: Zlib.Gunzip | undefined;
    let wakeReader = (): void => undefined;
    let wakeWriter = (): void => undefined;

    const give = (): void => {
      isPlanned = false;
      while (free > 0 && output.length > 0) {
        const bytes = output.shift()!;
        hash.update(bytes);
        ring.set(bytes, next * slotSize);
        tell({ stream, tell: "slot", slot: next, length: bytes.length });
        next = (next + 1) % slots;
        free -= 1;
      }
      if (output.length >= MOST_WAITING) decoder?.pause();
      else decoder?.resume();
      if (output.length === 0) wakeWriter();
    };
    // Hashing waits for a microtask: once this callback has returned, the decoder makes the next chunk
    // meanwhile.
    const plan = (bytes: Uint8Array): void => {
      output.push(bytes);
      if (!isPlanned) queueMicrotask(give);
      isPlanned = true;
    };
    /** Waits for input. What is left of its first chunk; undefined at the end. */
    const rest = async (): Promise<Uint8Array | undefined> => {
      while (input.length === 0 && !isEnded && !isClosed) {
        await new Promise<void>((resolve) => (wakeReader = resolve));
      }
      return isClosed ? undefined : input[0];
    };
    const take = (count: number): void => {
      const left = input[0]!.subarray(count);
      if (left.length > 0) {
        input[0] = left;
        return;
      }
      void input.shift();
      tell({ stream, tell: "taken" });
    };
    /**
     * Reads members up to the first zero: Node's decoder takes them as one, and would silently drop what
     * follows the zero.
     */
    const readMembers = async (): Promise<void> => {
      const member = createGunzip({ chunkSize: slotSize });
      decoder = member;
      const over = new Promise<void>((resolve, reject) => {
        member.once("end", resolve).once("close", resolve).once("error", reject);
      });
      over.catch(() => undefined);
      member.on("data", plan);
      for (let left = 0; left === 0;) {
        const bytes = await rest();
        if (bytes === undefined) {
          member.end();
          break;
        }
        const before = member.bytesWritten;
        await Promise.race([over, new Promise((resolve) => member.write(bytes, resolve))]);
        const taken = member.bytesWritten - before;
        left = bytes.length - taken;
        take(taken);
      }
      await over;
    };
    /** Skips zeros. Whether anything follows them. */
    const skipZeros = async (): Promise<boolean> => {
      for (let bytes = await rest(); bytes !== undefined; bytes = await rest()) {
        const zeros = bytes.findIndex((byte) => byte !== 0);
        if (zeros !== -1) {
          if (zeros > 0) take(zeros);
          return true;
        }
        take(bytes.length);
      }
      return false;
    };
    const run = async (): Promise<void> => {
      do await readMembers();
      while (await skipZeros());
      while (output.length > 0 && !isClosed) {
        await new Promise<void>((resolve) => (wakeWriter = resolve));
      }
      tell({ stream, tell: "done", hex: hash.digest("hex") });
    };
    void run()
      .catch((error: unknown) => {
        const { code, message } = error as NodeJS.ErrnoException;
        tell({ stream, tell: "failed", code, message });
      })
      .finally(() => streams.delete(stream));
    return {
      write(bytes: Uint8Array) {
        input.push(bytes);
        wakeReader();
      },
      end() {
        isEnded = true;
        wakeReader();
      },
      free(more: number) {
        free += more;
        give();
      },
      close() {
        isClosed = true;
        decoder?.destroy();
        wakeReader();
        wakeWriter();
      },
    };
  };

  port.on("message", (request: GunzipRequest) => {
    if (request.ask === "open") streams.set(request.stream, openStream(request));
    else if (request.ask === "write") streams.get(request.stream)?.write(request.bytes);
    else if (request.ask === "free") streams.get(request.stream)?.free(request.slots);
    else streams.get(request.stream)?.[request.ask]();
  });
}

// SPDX-License-Identifier: MIT
import type * as Crypto from "node:crypto";
import type * as FileSystem from "node:fs";
import type { WorkerContext } from "../../bytes/start-worker.ts";
import type { DigestAlgorithm } from "../../oci/digest.ts";

/** What the thread is asked. `id` is a hash, which begins when it is first named. */
export type HashRequest = { readonly id: number } & (
  | {
      readonly ask: "read";
      readonly algorithm: DigestAlgorithm;
      readonly fd: number;
      /** Where the bytes end that are in the file by now. */
      readonly end: number;
    }
  | { readonly ask: "hex" | "drop" }
);

/** What it answers. */
export type HashReply = { readonly id: number } & (
  | { readonly tell: "read"; readonly at: number }
  | { readonly tell: "hex"; readonly hex: string }
  | { readonly tell: "dropped" }
  | { readonly tell: "failed"; readonly message: string }
);

/**
 * The code of the thread: hashes any number of files as they grow, a MiB of each in turn. It is sent as text, so it can
 * use nothing outside of itself.
 */
export function runHashingThread({ require, port }: WorkerContext): void {
  const { readSync } = require("node:fs") as typeof FileSystem;
  const { createHash } = require("node:crypto") as typeof Crypto;
  const chunk = new Uint8Array(1024 * 1024);
  interface Running {
    readonly hash: Crypto.Hash;
    fd: number;
    at: number;
    end: number;
    hasFailed?: true;
  }
  const running = new Map<number, Running>();
  const tell = (reply: HashReply): void => port.postMessage(reply);
  let isPlanned = false;

  const readOn = (id: number, of: Running): void => {
    const count = readSync(of.fd, chunk, 0, Math.min(chunk.length, of.end - of.at), of.at);
    if (count === 0) throw new Error("the file has become shorter while it was hashed");
    of.hash.update(count === chunk.length ? chunk : chunk.subarray(0, count));
    of.at += count;
    if (of.at === of.end) tell({ id, tell: "read", at: of.at });
  };
  // One turn, and then messages are looked at.
  const work = (): void => {
    isPlanned = false;
    for (const [id, one] of running) {
      if (one.at >= one.end || one.hasFailed) continue;
      try {
        readOn(id, one);
        if (one.at < one.end) plan();
      } catch (error) {
        one.hasFailed = true;
        tell({ id, tell: "failed", message: String(error) });
      }
    }
  };
  const plan = (): void => {
    if (!isPlanned) setImmediate(work);
    isPlanned = true;
  };
  port.on("message", (request: HashRequest) => {
    const { id } = request;
    if (request.ask === "read") {
      const { algorithm, fd, end } = request;
      const one = running.get(id) ?? { hash: createHash(algorithm), fd, at: 0, end };
      running.set(id, Object.assign(one, { fd, end }));
      plan();
      return;
    }
    const one = running.get(id);
    running.delete(id);
    if (request.ask === "drop") tell({ id, tell: "dropped" });
    else if (one === undefined) tell({ id, tell: "failed", message: "nothing was read" });
    else tell({ id, tell: "hex", hex: one.hash.digest("hex") });
  });
}

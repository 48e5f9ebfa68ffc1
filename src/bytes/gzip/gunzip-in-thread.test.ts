// SPDX-License-Identifier: MIT
import { setImmediate, setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { join, member, text, zeros } from "../../../test/fixtures/bytes/gzip-members.ts";
import {
  collect,
  failureOf,
  inChunks,
  noise,
  readFirst,
  watched,
} from "../../../test/fixtures/bytes/streams.ts";
import type { DigestAlgorithm } from "../../oci/digest.ts";
import { once, type Bytes } from "../bytes.ts";
import * as thread from "./gunzip-in-thread.ts";
import { openGunzip } from "./thread-handle.ts";
import { digestBytes } from "../hash.ts";

function gunzipInThread(bytes: Bytes, told: string[] = []): AsyncGenerator<Uint8Array> {
  const done = (hex: string): unknown => told.push(hex);
  return thread.gunzipInThread(bytes, { what: "layer", algorithm: "sha256", done });
}

afterEach(() => void vi.restoreAllMocks());

// What it does as gunzip does is tested there.
describe("gunzip in a thread", () => {
  it("hashes the content of all members, and reports the digest only when all of it was read", async () => {
    const packed = join(member("one"), zeros(7), member("two"));
    const told: string[] = [];
    await readFirst(gunzipInThread(once(packed), told));
    await failureOf(gunzipInThread(once(packed.subarray(0, -1)), told));
    expect(told).toEqual([]);
    await collect(gunzipInThread(once(packed), told));
    expect(told.map((hex) => `sha256:${hex}`)).toEqual([digestBytes(text("onetwo"))]);
  });

  it("reads several streams at once, each at the pace of its reader", async () => {
    const contents = [3_000_000, 10, 5_000_000, 0, 1_000_000].map(noise);
    const readSlowly = async (content: Uint8Array, seed: number): Promise<boolean> => {
      const parts: Uint8Array[] = [];
      const packed = new Uint8Array(gzipSync(content, { level: 1 }));
      for await (const chunk of gunzipInThread(inChunks(packed, 50_000))) {
        for (let turn = 0; turn <= seed; turn += 1) await setImmediate();
        parts.push(new Uint8Array(chunk));
      }
      return Buffer.compare(join(...parts), content) === 0;
    };
    const rounds = await Promise.all([...contents, ...contents].map(readSlowly));
    expect(rounds).toEqual(rounds.map(() => true));
  });

  it("stops reading its source while its own reader pauses", async () => {
    const packed = new Uint8Array(gzipSync(noise(20_000_000), { level: 1 }));
    const chunks = Array.from({ length: 300 }, (_, at) =>
      packed.subarray(at * 65_536, (at + 1) * 65_536),
    );
    const source = watched(chunks);
    const reader = gunzipInThread(source.bytes);
    await reader.next();
    let before = -1;
    while (source.chunks !== before) {
      before = source.chunks;
      await setTimeout(100);
    }
    expect(before).toBeLessThan(150);
    await reader.return(undefined);
    expect(source.closed).toBe(true);
  });

  it("keeps the process alive only while a reader waits for it", async () => {
    const held = vi.spyOn(Worker.prototype, "ref").mock;
    const freed = vi.spyOn(Worker.prototype, "unref").mock;
    const packed = new Uint8Array(gzipSync(noise(9_000_000), { level: 1 }));
    const reader = gunzipInThread(inChunks(packed, 65_536));
    await reader.next();
    expect(held.calls.length).toBeGreaterThan(0);
    await expect
      .poll(() => freed.invocationCallOrder.at(-1))
      .toBeGreaterThan(held.invocationCallOrder.at(-1)!);
    await reader.return(undefined);
  });

  it("fails every stream when its thread dies, and starts another thread for the next one", async () => {
    const dies = openGunzip("no such algorithm" as DigestAlgorithm);
    const beside = collect(gunzipInThread(endless()));
    expect(await failureOf(dies.read())).toMatchObject({ code: "Z_MEM_ERROR" });
    await expect(beside).rejects.toMatchObject({ code: "unsupported-compression" });
    dies.close();
    expect(await collect(gunzipInThread(once(member("one"))))).toEqual(text("one"));
  });
});

async function* endless(): AsyncGenerator<Uint8Array> {
  const empty = member("");
  for (;;) {
    await setImmediate();
    yield empty;
  }
}

// SPDX-License-Identifier: MIT
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createRandom } from "../../../test/fuzz/random.ts";
import { BLOCK, WINDOW, createBlockMemory, type DeflateBlock } from "./deflate-block.ts";
import { deflateHere } from "./deflate-module.ts";
import type { openDeflateThreads as OpenDeflateThreads } from "./deflate-threads.ts";

/** A block with bytes from a seed, a few of which repeat. */
function makeBlock(seed: number): DeflateBlock {
  const random = createRandom(seed);
  const memory = createBlockMemory();
  const [before, length] = [random.below(WINDOW + 1), random.below(BLOCK / 8)];
  const piece = random.bytes(1000);
  const block = new Uint8Array(memory);
  for (let at = 0; at < WINDOW + length; at += 800) {
    block.set(piece.subarray(random.below(999), 900).subarray(0, block.length - at), at);
  }
  return { memory, before, length, isLast: random.oneIn(2), level: 1 + random.below(4) };
}

function outputOf({ memory, size }: { memory: ArrayBuffer; size: number }): Buffer {
  return Buffer.from(memory, 0, size);
}

/** Of threads of its own: other files run in this process, and what they compress may still be under way. */
let openDeflateThreads: typeof OpenDeflateThreads;
beforeAll(async () => {
  vi.resetModules();
  ({ openDeflateThreads } = await import("./deflate-threads.ts"));
  // Threads that nobody uses end after half a second, and their ends would be counted here.
  await setTimeout(700);
});
afterEach(() => void vi.restoreAllMocks());

describe("threads that deflate", () => {
  // the first, since those that come after it find these threads running
  it("start before there is a block, and are ready a little later", async () => {
    const started = vi.spyOn(Worker.prototype, "unref").mock;
    const threads = openDeflateThreads();
    expect(threads.areReady).toBe(false);
    threads.start();
    expect(started.calls.length).toBe(threads.count);
    threads.start();
    expect(started.calls.length).toBe(threads.count);
    await expect.poll(() => threads.areReady).toBe(true);
    const made = await threads.deflate(makeBlock(3));
    expect(outputOf(made).equals(outputOf(deflateHere(makeBlock(3))))).toBe(true);
    threads.close();
  });

  it("make of each block what this thread makes of it", async () => {
    const threads = openDeflateThreads();
    const seeds = Array.from({ length: 20 }, (_, at) => at);
    const all = await Promise.all(seeds.map((seed) => threads.deflate(makeBlock(seed))));
    threads.close();
    for (const [seed, made] of all.entries()) {
      expect(outputOf(made).equals(outputOf(deflateHere(makeBlock(seed))))).toBe(true);
      expect(made.memory.byteLength).toBe(WINDOW + BLOCK);
    }
  });

  it("take the memory of a block away until it is deflated", async () => {
    const threads = openDeflateThreads();
    const block = makeBlock(1);
    const deflating = threads.deflate(block);
    expect(block.memory.byteLength).toBe(0);
    await deflating;
    threads.close();
  });

  it("fail the blocks that they had when they died, and take the next ones", async () => {
    const threads = openDeflateThreads();
    const wrong = { ...makeBlock(1), length: WINDOW + 2 * BLOCK };
    const failed = await threads
      .deflate({ ...wrong, memory: new ArrayBuffer(8) })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "Z_MEM_ERROR" });
    const made = await threads.deflate(makeBlock(2));
    expect(outputOf(made).equals(outputOf(deflateHere(makeBlock(2))))).toBe(true);
    threads.close();
  });

  it("keep the process alive only while they deflate, and end when nobody uses them any more", async () => {
    const held = vi.spyOn(Worker.prototype, "ref").mock;
    const freed = vi.spyOn(Worker.prototype, "unref").mock;
    const ended = vi.spyOn(Worker.prototype, "terminate").mock;
    const [one, other] = [openDeflateThreads(), openDeflateThreads()];
    await one.deflate(makeBlock(1));
    expect(held.calls.length).toBe(1);
    expect(freed.invocationCallOrder.at(-1)).toBeGreaterThan(
      held.invocationCallOrder.at(-1) ?? Infinity,
    );
    expect(one.areReady).toBe(true);
    one.close();
    one.close();
    await setTimeout(700);
    expect(ended.calls.length).toBe(0);
    other.close();
    await expect.poll(() => ended.calls.length).toBeGreaterThan(0);
    expect(other.areReady).toBe(false);
  });
});

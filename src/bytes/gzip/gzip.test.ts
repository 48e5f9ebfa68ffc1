// SPDX-License-Identifier: MIT
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  collect,
  failureOf,
  inChunks,
  noise,
  watched,
} from "../../../test/fixtures/bytes/streams.ts";
import { once } from "../bytes.ts";
import { gunzip } from "./gunzip.ts";
import { gzip } from "./gzip.ts";

const MIB = 1024 * 1024;

afterEach(() => void vi.unstubAllEnvs());

describe("gzip", () => {
  it.each([0, 1, MIB - 1, MIB, MIB + 1, 6 * MIB + 12345])(
    "compresses %d bytes reversibly",
    async (length) => {
      const content = noise(length);
      const packed = await collect(gzip(inChunks(content, 65_536), 6));
      expect(Buffer.compare(gunzipSync(packed), content)).toBe(0);
      expect(Buffer.compare(await collect(gunzip(once(packed), "test")), content)).toBe(0);
    },
  );

  it("writes one member without name, time or operating system", async () => {
    const packed = await collect(gzip(once(noise(10)), 6));
    expect([...packed.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  });

  it("writes the same bytes however the input is cut into chunks", async () => {
    const content = noise(3 * MIB + 5);
    const expected = await collect(gzip(once(content), 1));
    for (const size of [1000, 65_536, MIB, MIB + 1]) {
      expect(Buffer.compare(await collect(gzip(inChunks(content, size), 1)), expected)).toBe(0);
    }
  });

  it("compresses repetitions across blocks", async () => {
    const piece = noise(20_000);
    const content = new Uint8Array(MIB + 20_000);
    content.set(piece, MIB - 20_000);
    content.set(piece, MIB);
    const packed = await collect(gzip(once(content), 6));
    const once_ = await collect(gzip(once(content.subarray(0, MIB)), 6));
    expect(packed.length - once_.length).toBeLessThan(1000);
  });

  it("compresses any bytes reversibly at any level", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5000 }),
        fc.integer({ min: 1, max: 9 }),
        async (bytes, level) => {
          expect(await collect(gunzip(gzip(inChunks(bytes, 999), level), "test"))).toEqual(bytes);
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each(["many", "-1", "0", "1e9"])(
    "reads no more ahead than threads can work on, with %j of them",
    async (threads) => {
      vi.stubEnv("UV_THREADPOOL_SIZE", threads);
      const block = noise(MIB);
      const source = watched(Array.from({ length: 100 }, () => block));
      const packed = gzip(source.bytes, 1);
      await packed.next();
      await packed.next();
      await packed.return(undefined);
      expect(source.chunks).toBeLessThan(70);
    },
  );

  it("passes on the error of its source, and closes it when left early", async () => {
    const failure = new Error("lost");
    const block = noise(MIB);
    expect(await failureOf(gzip(watched([block, block, block], failure).bytes, 1))).toBe(failure);
    const source = watched(Array.from({ length: 20 }, () => block));
    const packed = gzip(source.bytes, 1);
    await packed.next();
    await packed.next();
    await packed.return(undefined);
    expect(source.closed).toBe(true);
    expect(source.chunks).toBeLessThan(10);
  });
});

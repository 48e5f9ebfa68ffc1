// SPDX-License-Identifier: MIT
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
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
import { digestBytes } from "../hash.ts";
import { gunzip } from "./gunzip.ts";
import { gzip } from "./gzip.ts";

const MIB = 1024 * 1024;

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Text of names that are alike, as in an archive of headers. */
function names(length: number): Uint8Array {
  const numbers = Array.from(noise(length / 8), (byte) => byte * 7919);
  return Buffer.from(
    numbers.map((one) => `usr/include/c++/${one}/x${one % 97}.h\n`).join(""),
  ).subarray(0, length);
}

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

  it.each([1, 2, 3, 4])(
    "writes the same bytes in one thread and in several, in each of many streams, at level %d",
    async (level) => {
      const content = noise(6 * MIB + 12_345, level);
      const small = await collect(gzip(once(content.subarray(0, 1000)), level));
      const streams = Array.from({ length: 5 }, () => collect(gzip(once(content), level)));
      const digests = (await Promise.all(streams)).map((packed) => digestBytes(packed));
      // its first blocks are compressed while threads run now, which they did not then
      const beside = await Promise.all([
        collect(gzip(once(content), level)),
        collect(gzip(once(content.subarray(0, 1000)), level)),
      ]);
      expect(digests).toEqual(digests.map(() => digestBytes(beside[0])));
      expect(beside[1]).toEqual(small);
    },
  );

  it.each([
    [1, "sha256:d697a029bd20c2195041b3ecf3e815226a82eeb42ef4e18b294af5cd39724100"],
    [2, "sha256:5709935f83a65ca7345282361eeb720ef689d045adffca3360bcab89888be26e"],
    [3, "sha256:98e56e12fe89edf2b847957f4f45c1455ee8d6541b862b40f1bb90d834f8fdbd"],
    [4, "sha256:c6f907ec8021ea6da8875e05f348772b6c6abcf131e763cbd978bdc9ae9e477b"],
  ])(
    "at level %d writes the bytes that it has always written, on every machine and version of Node",
    async (level, digest) => {
      const content = Buffer.concat([noise(2 * MIB), Buffer.alloc(70_000), names(MIB)]);
      expect(digestBytes(await collect(gzip(once(content), level)))).toBe(digest);
    },
  );

  it.each([4, 6])("compresses repetitions across blocks at level %d", async (level) => {
    const piece = noise(20_000);
    const content = new Uint8Array(MIB + 20_000);
    content.set(piece, MIB - 20_000);
    content.set(piece, MIB);
    const packed = await collect(gzip(once(content), level));
    const once_ = await collect(gzip(once(content.subarray(0, MIB)), level));
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
      const packed = gzip(source.bytes, 6);
      await packed.next();
      await packed.next();
      await packed.return(undefined);
      expect(source.chunks).toBeLessThan(70);
    },
  );

  it("reports a thread that died, though it reads its source meanwhile", async () => {
    const workers: Worker[] = [];
    vi.spyOn(Worker.prototype, "ref").mockImplementation(function (this: Worker) {
      workers.push(this);
    });
    async function* endless(): AsyncGenerator<Uint8Array> {
      const block = noise(MIB);
      for (;;) {
        await setImmediate();
        if (workers.length > 0) await workers.pop()!.terminate();
        yield block;
      }
    }
    expect(await failureOf(gzip(endless(), 4))).toMatchObject({
      code: "unsupported-compression",
    });
  });

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

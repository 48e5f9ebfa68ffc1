// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  collect,
  failureOf,
  fixture,
  inChunks,
  noise,
  readFirst,
  watched,
} from "../../../test/fixtures/bytes/streams.ts";
import { once } from "../bytes.ts";
import { digestBytes } from "../hash.ts";
import { codecZstd } from "./wasm-engine.ts";
import { chooseZstd, unzstd, zstd } from "./zstd.ts";
import { nativeZstd } from "./native-engine.ts";
import type { ZstdEngine } from "./zstd-engine.ts";

const PLAIN = "sha256:04a7151d39e6428277c93dbf28c326f438067910b3ccb581dfba6cf5ec12a2f3";
const FILES = {
  "frames.zst": PLAIN,
  "pzstd.zst": PLAIN,
  "skopeo-zstd.zst": PLAIN,
  "skopeo-zstd-chunked.zst": PLAIN,
  "buildkit.zst": "sha256:602a41b3f6e473193d0a4238e498c6e160b12bb5c015905abbda9324cf1cd5b5",
};
const native = nativeZstd();
const engines = native === undefined ? [codecZstd()] : [codecZstd(), native];
const options = (engine: ZstdEngine): { maxWindow: number; what: string; engine: ZstdEngine } => ({
  maxWindow: 128 * 1024 * 1024,
  what: "layer 5",
  engine,
});

describe.each(engines)("zstd by $name", (engine) => {
  it.each(Object.entries(FILES))("reads all of %s, made by another tool", async (name, digest) => {
    for (const size of [100, 65_536]) {
      const plain = await collect(unzstd(inChunks(fixture(name), size), options(engine)));
      expect(digestBytes(plain)).toBe(digest);
    }
  });

  it("reads many small frames, of which Node 24's own decoder drops all but the first", async () => {
    const frame = await collect(zstd(once(noise(300)), 3, { engine }));
    const many = new Uint8Array(frame.length * 500);
    for (let at = 0; at < many.length; at += frame.length) many.set(frame, at);
    expect(await collect(unzstd(once(many), options(engine)))).toHaveLength(300 * 500);
  });

  it("takes a chunk that is larger than an engine's memory, at every level", async () => {
    const large = noise(17_000_000);
    for (const level of [1, engine.highestLevel]) {
      const packed = await collect(zstd(once(large), level, { engine }));
      expect(digestBytes(await collect(unzstd(once(packed), options(engine))))).toBe(
        digestBytes(large),
      );
    }
  });

  it("compresses any bytes reversibly, however they are cut into chunks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 1, max: engine.highestLevel }),
        fc.integer({ min: 1, max: 500 }),
        async (bytes, level, size) => {
          const packed = await collect(zstd(inChunks(bytes, size), level, { engine }));
          expect(await collect(unzstd(inChunks(packed, size), options(engine)))).toEqual(bytes);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("writes the same bytes each time, and every engine can read them", async () => {
    const content = noise(3_000_000);
    const packed = await collect(zstd(inChunks(content, 65_536), 3, { engine }));
    const again = await collect(zstd(inChunks(content, 65_536), 3, { engine }));
    expect(digestBytes(again)).toBe(digestBytes(packed));
    for (const other of engines) {
      const plain = await collect(unzstd(once(packed), options(other)));
      expect(digestBytes(plain)).toBe(digestBytes(content));
    }
  });

  it("reads a stream of only skippable frames as empty", async () => {
    const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7);
    expect(await collect(unzstd(once(skippable), options(engine)))).toHaveLength(0);
  });

  it("refuses a stream that was cut short, which zstd-codec itself accepts", async () => {
    const packed = fixture("skopeo-zstd.zst");
    for (const length of [0, 1, 5, 100, packed.length - 1]) {
      const cut = unzstd(once(packed.subarray(0, length)), options(engine));
      expect(await failureOf(cut)).toMatchObject({ code: "truncated" });
    }
  });

  it("refuses damaged content, and still reads the next stream", async () => {
    const packed = fixture("skopeo-zstd.zst");
    const damaged = packed.with(5000, packed[5000]! ^ 0x55);
    expect(await failureOf(unzstd(once(damaged), options(engine)))).toMatchObject({
      code: "invalid-compression",
      message: expect.stringContaining("layer 5: ") as string,
    });
    expect(digestBytes(await collect(unzstd(once(packed), options(engine))))).toBe(PLAIN);
  });

  it("reads windows as large as the engine can hold, and refuses larger ones", async () => {
    const read = unzstd(once(fixture("window-128m.zst")), options(engine));
    if (engine.largestWindow >= 128 * 1024 * 1024) {
      expect(digestBytes(await collect(read))).toBe(PLAIN);
    } else {
      expect(await failureOf(read)).toMatchObject({ code: "unsupported-compression" });
    }
  });

  it("frees every stream: twenty with a window of 8 MiB, one after the other", async () => {
    // a frame header with an 8 MiB window, an RLE block of 128 KiB, an empty last block
    const block = [0x02, 0, 0x10, 7];
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3, ...block, 1, 0, 0);
    for (let round = 0; round < 20; round += 1) {
      expect(await collect(unzstd(once(frame), options(engine)))).toHaveLength(128 * 1024);
    }
  });

  it("reads several streams side by side", async () => {
    const all = Object.entries(FILES).map(async ([name, digest]) => {
      const plain = await collect(unzstd(inChunks(fixture(name), 3000), options(engine)));
      expect(digestBytes(plain)).toBe(digest);
    });
    await Promise.all(all);
  });

  it("passes on the error of its source, and closes it when left early", async () => {
    const packed = await collect(zstd(once(noise(4_000_000)), 1, { engine }));
    const [head, tail] = [packed.subarray(0, 1_000_000), packed.subarray(1_000_000)];
    const failure = new Error("lost");
    expect(await failureOf(unzstd(watched([head], failure).bytes, options(engine)))).toBe(failure);
    const source = watched([head, tail]);
    expect(await readFirst(unzstd(source.bytes, options(engine)))).toBeInstanceOf(Uint8Array);
    expect(source.closed).toBe(true);
  });

  it("refuses a level that is too high for the engine", async () => {
    const tooHigh = zstd(once(noise(10)), engine.highestLevel + 1, { engine });
    expect(await failureOf(tooHigh)).toMatchObject({ code: "unsupported-compression" });
  });
});

describe("the choice of an engine", () => {
  it("is Node's own engine where there is one that passes the proof, else zstd-codec", async () => {
    expect((await chooseZstd()).name).toBe(native === undefined ? "codec" : "native");
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  collect,
  failureOf,
  fixture,
  inChunks,
  noise,
  watched,
} from "../../test/fixtures/bytes/streams.ts";
import { diffIdOf, parseDiffId, type DiffId } from "../oci/digest.ts";
import type { Compression } from "../oci/media-types.ts";
import { once } from "./bytes.ts";
import { digestBytes } from "./hash.ts";
import { compress, decompress, decompressLayer, detectCompression } from "./compression.ts";

const content = noise(500_000);
const compressions: readonly Compression[] = ["none", "gzip", "zstd"];
const packs = ["gzip", "zstd"] as const;
const ways = compressions.flatMap((compression) => [
  [compression, false] as const,
  [compression, true] as const,
]);

describe("a layer", () => {
  it.each(ways)(
    "compressed with %s (in a thread: %s) is read when its diffID is right",
    async (compression, inThread) => {
      for (const algorithm of ["sha256", "sha512"] as const) {
        const diffId = diffIdOf(digestBytes(content, algorithm));
        const packed = compress(once(content), compression);
        const tar = await collect(decompressLayer(packed, compression, diffId, { inThread }));
        expect(Buffer.compare(tar, content)).toBe(0);
      }
    },
  );

  it.each(ways)(
    "compressed with %s (in a thread: %s) fails when its diffID is another layer's",
    async (compression, inThread) => {
      const diffId = parseDiffId(`sha256:${"0".repeat(64)}`);
      const packed = compress(once(content), compression);
      expect(
        await failureOf(
          decompressLayer(packed, compression, diffId, { what: "layer 3", inThread }),
        ),
      ).toMatchObject({
        code: "diff-id-mismatch",
        message: expect.stringMatching(/^layer 3: expected diffID sha256:0/) as string,
        details: { expected: diffId, got: digestBytes(content) },
      });
    },
  );

  it.each(ways)(
    "compressed with %s (in a thread: %s) is not read when its diffID has an unknown algorithm",
    async (compression, inThread) => {
      const source = watched([content]);
      const diffId = `blake3:${"0".repeat(64)}` as DiffId;
      expect(
        await failureOf(decompressLayer(source.bytes, compression, diffId, { inThread })),
      ).toMatchObject({
        code: "unsupported-algorithm",
      });
      expect(source.chunks).toBe(0);
    },
  );
});

describe("compression", () => {
  it.each(compressions)("with %s is reversible", async (compression) => {
    const packed = compress(inChunks(content, 65_536), compression);
    expect(Buffer.compare(await collect(decompress(packed, compression)), content)).toBe(0);
  });

  it.each(packs)("with %s is detected by the first bytes", async (compression) => {
    expect(detectCompression(await collect(compress(once(content), compression)))).toBe(
      compression,
    );
  });

  it("of other tools' files is detected, and nothing is detected in other bytes", () => {
    expect(detectCompression(fixture("frames.zst"))).toBe("zstd");
    expect(detectCompression(fixture("pigz.gz"))).toBe("gzip");
    expect(detectCompression(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0))).toBe("xz");
    expect(detectCompression(new TextEncoder().encode("BZh91AY"))).toBe("bzip2");
    for (const head of [[], [0x1f], [0x28, 0xb5], [0x60, 0x2a, 0x4d, 0x18], [0, 0, 0, 0]]) {
      expect(detectCompression(Uint8Array.from(head))).toBeUndefined();
    }
  });

  it.each(packs)("of other bytes than %s is refused", async (compression) => {
    const other = compression === "gzip" ? fixture("frames.zst") : fixture("pigz.gz");
    const xz = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0);
    for (const bytes of [other, content, xz]) {
      expect(
        await failureOf(decompress(once(bytes), compression, { what: "layer 6" })),
      ).toMatchObject({
        code: "invalid-compression",
        message: expect.stringMatching(/^layer 6: /) as string,
      });
    }
  });

  it.each(packs)("with %s of a bomb stops at the limit", async (compression) => {
    const bomb = await collect(compress(once(new Uint8Array(8_000_000)), compression));
    const limits = { expansionFloor: 1_000_000, expansionRatio: 100 };
    expect(await failureOf(decompress(once(bomb), compression, { limits }))).toMatchObject({
      code: "limit-exceeded",
      details: { limit: "expansionRatio", allowed: 100, compressed: bomb.length },
    });
    const allowed = { ...limits, expansionFloor: 8_000_000 };
    expect(await collect(decompress(once(bomb), compression, { limits: allowed }))).toHaveLength(
      8_000_000,
    );
  });

  it("with zstd is refused when the window is above the limit", async () => {
    const limits = { zstdWindow: 1024 * 1024 };
    expect(
      await failureOf(decompress(once(fixture("window-128m.zst")), "zstd", { limits })),
    ).toMatchObject({
      code: "limit-exceeded",
      details: { limit: "zstdWindow", allowed: 1024 * 1024 },
    });
  });

  it.each(packs)("with %s stops when it is aborted, and closes its source", async (compression) => {
    for (const run of [compress, decompress]) {
      const packed = await collect(compress(once(noise(3_000_000)), compression));
      const chunks =
        run === compress ? [content, content] : [packed.subarray(0, 1e6), packed.subarray(1e6)];
      const source = watched(chunks);
      const stop = new AbortController();
      async function* stopping(): AsyncGenerator<Uint8Array> {
        for await (const chunk of source.bytes) {
          yield chunk;
          stop.abort();
        }
      }
      expect(await failureOf(run(stopping(), compression, { signal: stop.signal }))).toMatchObject({
        code: "aborted",
      });
      expect(source.closed).toBe(true);
    }
  });

  it("with a level that does not exist is refused at once", () => {
    for (const level of [0, 1.5, 10, NaN]) {
      expect(() => compress(once(content), "gzip", { level })).toThrow(
        /level: expected a whole number/,
      );
    }
    expect(() => compress(once(content), "zstd", { level: 20 })).toThrow(/from 1 to 19/);
  });

  it("gives other bytes for another level, and the same bytes for the same level", async () => {
    const numbers = Array.from({ length: 5_000 }, (_, at) => `line ${(at * 7919) % 1000}\n`);
    const text = Buffer.from(numbers.join(""));
    const pack = async (level: number): Promise<Uint8Array> =>
      collect(compress(once(text), "gzip", { level }));
    expect(digestBytes(await pack(1))).not.toBe(digestBytes(await pack(9)));
    expect(digestBytes(await pack(9))).toBe(digestBytes(await pack(9)));
    expect((await pack(4)).length).toBe((await collect(compress(once(text), "gzip"))).length);
  });

  it("of kind none returns the stream itself", () => {
    const bytes = once(content);
    expect(compress(bytes, "none")).toBe(bytes);
    expect(decompress(bytes, "none")).toBe(bytes);
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { collect } from "../../../test/fixtures/bytes/streams.ts";
import { once } from "../bytes.ts";
import { compress } from "../compression.ts";
import { chooseLevel } from "./choose-level.ts";
import { formatCompression, parseCompression } from "./compression-choice.ts";

/** Text that compresses somewhat, made by a generator with a fixed start. */
function text(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 7;
  for (let at = 0; at < length; at += 1) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    bytes[at] = 97 + ((state >> 16) % 16);
  }
  return bytes;
}

describe("a compression as it is written", () => {
  it.each([
    ["gzip", { compression: "gzip", level: undefined }, "gzip:4"],
    ["gzip:9", { compression: "gzip", level: 9 }, "gzip:9"],
    ["zstd", { compression: "zstd", level: undefined }, "zstd:3"],
    ["zstd:19", { compression: "zstd", level: 19 }, "zstd:19"],
    ["none", { compression: "none", level: undefined }, "none"],
  ])("is read from %s", (written, choice, whole) => {
    expect(parseCompression(written)).toEqual(choice);
    expect(formatCompression(parseCompression(written))).toBe(whole);
  });

  it.each(["", "gzip:", "gzip:0", "gzip:10", "zstd:20", "none:1", "xz", "gzip:-1", "zstd:1.5"])(
    "is refused when it is %j",
    (written) => expect(() => parseCompression(written, "--compression")).toThrow(/expected/),
  );
});

describe("the level for a rate", () => {
  it("is the strongest that this Node has for a line that is slower than any", async () => {
    const { choice } = await chooseLevel(1, { sample: text(20_000) });
    const level = choice.level! + 1;
    expect(choice.compression).toBe("zstd");
    await expect(
      (async () => collect(compress(once(text(1)), "zstd", { level })))(),
    ).rejects.toThrow(/level/);
  });

  it("is the weakest for a line that is faster than any", async () => {
    const { choice } = await chooseLevel(Infinity, { sample: text(20_000) });
    expect(choice).toEqual({ compression: "zstd", level: 1 });
  });

  it("never needs a window of more than 8 MiB", async () => {
    const { choice } = await chooseLevel(1, { sample: text(20_000) });
    const frame = await collect(compress(once(text(20_000)), "zstd", choice));
    const descriptor = frame[5]!;
    const isSingle = (frame[4]! & 0x20) !== 0;
    const base = 2 ** (10 + (descriptor >> 3));
    expect(isSingle ? 0 : base + (base / 8) * (descriptor & 7)).toBeLessThanOrEqual(2 ** 23);
  });
});

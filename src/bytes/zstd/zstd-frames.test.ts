// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { collect, failureOf, fixture, inChunks } from "../../../test/fixtures/bytes/streams.ts";
import { once } from "../bytes.ts";
import { readFrames } from "./zstd-frames.ts";

const MIB = 1024 * 1024;
const OPTIONS = { maxWindow: 8 * MIB, largestWindow: 8 * MIB, what: "layer 4" };
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** One frame of one raw block: "abc", with its size in the header. */
const FRAME = [...MAGIC, 0x20, 3, 0x19, 0, 0, 97, 98, 99];
const SKIPPABLE = [0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];

async function pieces(bytes: readonly number[], size = 65_536): Promise<number[][]> {
  const all: number[][] = [];
  for await (const piece of readFrames(inChunks(Uint8Array.from(bytes), size), OPTIONS)) {
    all.push([...piece]);
  }
  return all;
}

const failure = (...bytes: number[]): Promise<unknown> =>
  failureOf(readFrames(once(Uint8Array.from(bytes)), OPTIONS));

describe("the frames of a zstd stream", () => {
  it("come in pieces that end where frames end, and without skippable frames", async () => {
    const stream = [
      ...SKIPPABLE,
      ...FRAME,
      ...SKIPPABLE,
      ...SKIPPABLE,
      ...FRAME,
      ...FRAME,
      ...SKIPPABLE,
    ];
    expect(await pieces(stream)).toEqual([FRAME, FRAME, FRAME]);
  });

  it("are the same bytes however the input is cut into chunks", async () => {
    const stream = [...SKIPPABLE, ...FRAME, ...FRAME, ...SKIPPABLE, ...FRAME];
    for (let size = 1; size <= stream.length; size += 1) {
      expect((await pieces(stream, size)).flat()).toEqual([...FRAME, ...FRAME, ...FRAME]);
    }
  });

  it("may all be skippable", async () => {
    expect(await pieces(SKIPPABLE)).toEqual([]);
  });

  it.each(["frames.zst", "skopeo-zstd-chunked.zst", "buildkit.zst"])(
    "are found in the whole of %s",
    async (name) => {
      const bytes = fixture(name);
      const whole = await collect(readFrames(once(bytes), OPTIONS));
      expect(whole.length).toBeGreaterThan(0);
      expect(await collect(readFrames(inChunks(bytes, 13), OPTIONS))).toEqual(whole);
    },
  );

  it("are refused when the stream ends inside one", async () => {
    const stream = [...SKIPPABLE, ...FRAME];
    for (let length = 0; length < stream.length; length += 1) {
      if (length === SKIPPABLE.length) continue;
      expect(await failure(...stream.slice(0, length))).toMatchObject({ code: "truncated" });
    }
  });

  it("are refused when the stream ends before their checksum", async () => {
    const frame = FRAME.with(4, 0x24);
    expect(await failure(...frame, 1, 2, 3)).toMatchObject({ code: "truncated" });
    expect(await pieces([...frame, 1, 2, 3, 4])).toEqual([[...frame, 1, 2, 3, 4]]);
  });

  it("are refused when garbage or zeros follow them", async () => {
    expect(await failure(...FRAME, 0, 0, 0, 0)).toMatchObject({
      code: "invalid-compression",
      message: "layer 4: zstd stream at byte 12: expected a zstd frame (28b52ffd), got 00000000",
    });
    expect(await failure(0x1f, 0x8b, 8, 0)).toMatchObject({ code: "invalid-compression" });
  });

  it("are refused before anything is decoded when their window is too large", async () => {
    expect(await failureOf(readFrames(once(fixture("window-128m.zst")), OPTIONS))).toMatchObject({
      code: "limit-exceeded",
      details: { limit: "zstdWindow", allowed: 8 * MIB, got: 128 * MIB },
    });
    const accepting = { ...OPTIONS, maxWindow: 128 * MIB };
    expect(await failureOf(readFrames(once(fixture("window-128m.zst")), accepting))).toMatchObject({
      code: "unsupported-compression",
      details: { got: 128 * MIB, offset: 0 },
    });
    // a single segment is its own window: here one of 2^64 - 1 bytes
    const huge = [...MAGIC, 0xe0, 255, 255, 255, 255, 255, 255, 255, 255];
    expect(await failure(...huge)).toMatchObject({ code: "limit-exceeded" });
  });

  it("may have a window of exactly the limit, and no larger one", async () => {
    const frame = (window: number): number[] => [...MAGIC, 0, window, 1, 0, 0];
    expect(await pieces(frame(13 << 3))).toEqual([frame(13 << 3)]);
    expect(await failure(...frame((13 << 3) | 1))).toMatchObject({
      details: { got: 9 * MIB },
    });
  });

  it("are refused when they need a dictionary", async () => {
    expect(await failure(...MAGIC, 0x21, 7, 3, 0x19, 0, 0, 97, 98, 99)).toMatchObject({
      code: "unsupported-compression",
      message: expect.stringContaining("needs a dictionary") as string,
    });
  });

  it("are refused with reserved bits, reserved blocks, and blocks above 128 KiB", async () => {
    for (const frame of [
      FRAME.with(4, 0x28),
      FRAME.with(6, 0x1f),
      [...FRAME.slice(0, 6), 1, 0, 0x20],
    ]) {
      expect(await failure(...frame)).toMatchObject({ code: "invalid-compression" });
    }
  });

  it("are cut into pieces that decode to little, even if each byte decodes to 32 KiB", async () => {
    const block = [0x02, 0, 0x10, 7];
    const blocks = Array.from({ length: 1000 }, () => block).flat();
    const bomb = [...MAGIC, 0, 7 << 3, ...blocks, 1, 0, 0];
    const cut = await pieces(bomb);
    expect(cut.flat()).toEqual(bomb);
    for (const piece of cut) expect(piece.length).toBeLessThanOrEqual(4 * 32 + 6);
  });
});

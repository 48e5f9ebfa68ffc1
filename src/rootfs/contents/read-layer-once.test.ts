// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { noise, otherContent } from "../../../test/fixtures/bytes/streams.ts";
import { file, hardlink, makeImage, makeTar } from "../../../test/fixtures/layers.ts";
import { fromBytes } from "../../bytes/byte-string.ts";
import type { Image } from "../../image/image.ts";
import { readLayerOnce, type LayerListener } from "./read-layer-once.ts";

/** Records the calls it gets: `a` for an entry, `=content` for data, `end`, `abandon`. */
function listen(more: Partial<LayerListener> = {}): { listener: LayerListener; told: string[] } {
  const told: string[] = [];
  const listener: LayerListener = {
    entry: ({ path }) => told.push(path),
    data: (chunk) => told.push(`=${fromBytes(chunk)}`),
    hole: (length) => told.push(`hole of ${length}`),
    end: () => told.push("end"),
    abandon: () => told.push("abandon"),
    ...more,
  };
  return { listener, told };
}

const LAYER = [file("a", "1"), file("b", "22"), hardlink("c", "a")];
const TOLD = ["a", "=1", "b", "=22", "c", "end"];

describe("reading a layer once", () => {
  it.each(["none", "gzip", "zstd"] as const)(
    "tells every listener what a layer with compression %s holds, and reports its end once it is verified",
    async (compression) => {
      const image = await makeImage([LAYER], { compression });
      const [one, other] = [listen(), listen()];
      await readLayerOnce({ image }, 0, [one.listener, other.listener]);
      expect(one.told).toEqual(TOLD);
      expect(other.told).toEqual(TOLD);
    },
  );

  it("passes on every chunk of the tar, after the entries found in it", async () => {
    const image = await makeImage([LAYER]);
    let tar = "";
    const { listener, told } = listen({
      tar(chunk) {
        if (tar === "") expect(told).toContain("a");
        tar += fromBytes(chunk);
      },
    });
    await readLayerOnce({ image }, 0, [listener]);
    expect(tar).toBe(fromBytes(makeTar(LAYER)));
  });

  it("waits for a slow listener after each chunk of the tar", async () => {
    const image = await makeImage([[file("noise", noise(3_000_000))]]);
    let [waiting, most, waits] = [0, 0, 0];
    const { listener } = listen({
      data: () => (most = Math.max(most, (waiting += 1))),
      ready: async () => {
        await Promise.resolve();
        waits += 1;
        waiting = 0;
      },
    });
    await readLayerOnce({ image }, 0, [listener]);
    expect(waits).toBeGreaterThan(5);
    expect(most).toBe(1);
  });

  it("reports how much of the blob is read, and finally all of it", async () => {
    const image = await makeImage([[file("noise", noise(3_000_000))]], { compression: "none" });
    const reads: number[] = [];
    const { size } = image.manifest.value.layers[0]!;
    const { listener } = listen({
      read: (bytes, of) => {
        expect(of).toBe(size);
        reads.push(bytes);
      },
    });
    await readLayerOnce({ image }, 0, [listener]);
    expect(reads.at(-1)).toBe(size);
    expect(reads.length).toBeLessThan(5);
  });

  it("abandons every listener of a damaged layer, and reports no end", async () => {
    const image = await makeImage([LAYER], { compression: "none" });
    const damaged = otherContent(makeTar(LAYER).fill(0x78, 512, 513));
    const wrong: Image = { ...image, store: { ...image.store, fetch: () => damaged } };
    const [one, other] = [listen(), listen()];
    const reading = readLayerOnce({ image: wrong }, 0, [one.listener, other.listener]);
    await expect(reading).rejects.toMatchObject({ code: "diff-id-mismatch" });
    for (const { told } of [one, other]) {
      expect(told).toContain("=x");
      expect(told).not.toContain("end");
      expect(told.at(-1)).toBe("abandon");
    }
  });

  it("abandons all listeners when one of them fails, even at the layer's end", async () => {
    const image = await makeImage([LAYER]);
    const full = (): never => {
      throw new Error("full");
    };
    for (const failing of [{ data: full }, { end: full }, { tar: full }]) {
      const [one, other] = [listen(), listen(failing)];
      const reading = readLayerOnce({ image }, 0, [one.listener, other.listener]);
      await expect(reading).rejects.toThrow("full");
      expect(one.told.at(-1)).toBe("abandon");
      expect(other.told.at(-1)).toBe("abandon");
    }
  });

  it("stops when it is aborted while reading", async () => {
    const image = await makeImage([[file("noise", noise(3_000_000))]]);
    const stop = new AbortController();
    const { listener, told } = listen({ data: () => stop.abort(new Error("enough")) });
    const reading = readLayerOnce({ image }, 0, [listener], { signal: stop.signal });
    await expect(reading).rejects.toMatchObject({ code: "aborted" });
    expect(told.at(-1)).toBe("abandon");
  });

  it("refuses a layer number that the image does not have, and abandons the listeners", async () => {
    const { listener, told } = listen();
    const reading = readLayerOnce({ image: await makeImage([LAYER]) }, 1, [listener]);
    await expect(reading).rejects.toMatchObject({ code: "invalid-argument" });
    expect(told).toEqual(["abandon"]);
  });
});

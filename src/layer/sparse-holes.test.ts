// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { once } from "../bytes/bytes.ts";
import { base256, GNU_MAGIC, rawEntry, rawTar } from "../testing/raw-tar.ts";
import { createLayerParser } from "./parse/layer-parser.ts";
import { readLayer } from "./read-layer.ts";

// A lastlog of user 1,000,000,000: 292 GB of hole in a kilobyte of layer.
const SIZE = 292_000_000_292;
const lastlog = rawTar(
  rawEntry({ name: "lastlog", typeFlag: "S", magic: GNU_MAGIC, at: { 483: base256(SIZE, 12) } }),
);

describe("the holes of a sparse file", () => {
  it("are told as they are, terabytes too, to who takes holes: they cost nothing", () => {
    let holes = 0;
    const parser = createLayerParser({
      entry: () => undefined,
      data: () => undefined,
      hole: (length) => (holes += length),
    });
    parser.feed(lastlog);
    parser.end();
    expect(holes).toBe(SIZE);
  });

  it("are passed over when their file is", async () => {
    const sizes: number[] = [];
    for await (const { entry } of readLayer(once(lastlog))) sizes.push(entry.size);
    expect(sizes).toEqual([SIZE]);
  });

  it("are written as zeros only as far as the limit goes, whose flag is named", async () => {
    const readAll = async (): Promise<void> => {
      for await (const { content } of readLayer(once(lastlog), { limits: { holeBytes: 1e6 } })) {
        for await (const chunk of content) expect(chunk.length).toBeGreaterThan(0);
      }
    };
    await expect(readAll()).rejects.toMatchObject({
      code: "limit-exceeded",
      details: { limit: "holeBytes" },
      hint: expect.stringContaining("--limit holeBytes=N") as string,
    });
  });
});

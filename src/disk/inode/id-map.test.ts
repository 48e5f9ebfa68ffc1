// SPDX-License-Identifier: MIT
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkIdMap,
  formatIdRange,
  parseIdRange,
  toDisk,
  toImage,
  type IdRange,
} from "./id-map.ts";

const HIGHEST = 2 ** 32 - 2;
const refused = expect.objectContaining({ code: "invalid-argument" }) as Error;

describe("a map of owner numbers", () => {
  const map: readonly IdRange[] = [
    { image: 0, disk: 1000, size: 1 },
    { image: 1, disk: 100_000, size: 65_535 },
    { image: HIGHEST, disk: 0, size: 1 },
  ];

  it("translates from the image to the disk and back", () => {
    const pairs = [
      [0, 1000],
      [1, 100_000],
      [65_535, 165_534],
      [HIGHEST, 0],
    ] as const;
    for (const [image, disk] of pairs) {
      expect(toDisk(map, image)).toBe(disk);
      expect(toImage(map, disk)).toBe(image);
    }
  });

  it("has no result for numbers outside its ranges", () => {
    for (const image of [65_536, 1_000_000, 2 ** 32 - 1])
      expect(toDisk(map, image)).toBeUndefined();
    for (const disk of [1, 999, 1001, 165_535]) expect(toImage(map, disk)).toBeUndefined();
  });

  it("changes nothing when it is empty, up to the highest number that a system has", () => {
    for (const id of [0, 65_534, HIGHEST]) {
      expect(toDisk([], id)).toBe(id);
      expect(toImage([], id)).toBe(id);
    }
    expect(toDisk([], 2 ** 32 - 1)).toBeUndefined();
    expect(toDisk([], 2 ** 40)).toBeUndefined();
  });

  it("gives back every number that it maps", () => {
    const ranges = fc.array(fc.tuple(fc.nat(1e6), fc.nat(1e6), fc.integer({ min: 1, max: 1e6 })));
    fc.assert(
      fc.property(ranges, fc.nat(), (steps, at) => {
        let image = 0;
        let disk = 0;
        const random = steps.map(([imageGap, diskGap, size]) => {
          const range = { image: image + imageGap, disk: disk + diskGap, size };
          image = range.image + size;
          disk = range.disk + size;
          return range;
        });
        checkIdMap(random);
        const id = at % (image + 1);
        const mapped = toDisk(random, id);
        const isInside = random.some((range) => id >= range.image && id < range.image + range.size);
        expect(mapped !== undefined).toBe(isInside || random.length === 0);
        if (mapped !== undefined) expect(toImage(random, mapped)).toBe(id);
      }),
    );
  });

  it.each([
    [
      "in the image",
      [
        { image: 0, disk: 0, size: 10 },
        { image: 9, disk: 100, size: 1 },
      ],
    ],
    [
      "on the disk",
      [
        { image: 50, disk: 0, size: 10 },
        { image: 0, disk: 9, size: 5 },
      ],
    ],
    [
      "because one is given twice",
      [
        { image: 0, disk: 0, size: 1 },
        { image: 0, disk: 0, size: 1 },
      ],
    ],
  ])("is refused when ranges overlap %s", (_, ranges) => {
    expect(() => {
      checkIdMap(ranges);
    }).toThrow(refused);
  });

  it.each([
    { image: 0, disk: 0, size: 0 },
    { image: -1, disk: 0, size: 1 },
    { image: 0.5, disk: 0, size: 1 },
    { image: 0, disk: HIGHEST, size: 2 },
    { image: 2 ** 32 - 1, disk: 0, size: 1 },
    { image: 0, disk: 0, size: Number.NaN },
  ])("is refused with the range $image:$disk:$size", (range) => {
    expect(() => {
      checkIdMap([range]);
    }).toThrow(refused);
  });
});

describe("the text of a range of owner numbers", () => {
  it("may state a size; without one it means a single number", () => {
    expect(parseIdRange("0:100000:65536")).toEqual({ image: 0, disk: 100_000, size: 65_536 });
    expect(parseIdRange("0:1000")).toEqual({ image: 0, disk: 1000, size: 1 });
    expect(parseIdRange(`0:0:${HIGHEST + 1}`).size).toBe(HIGHEST + 1);
    expect(formatIdRange(parseIdRange("1:2:3"))).toBe("1:2:3");
  });

  it.each([
    "",
    "0",
    "0:",
    ":0",
    "a:0",
    "0:0:0",
    "-1:0",
    "0:1:2:3",
    "0:4294967295",
    "1.5:0",
    " 0:0",
    "0:0:4294967296",
  ])("is refused as %j", (text) => {
    expect(() => parseIdRange(text)).toThrow(refused);
  });

  it("has no control characters in the message when it is refused", () => {
    expect(() => parseIdRange("\u001b[2J")).toThrow("\\x1b[2J");
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseSize } from "./size.ts";
import { parseLimits } from "./limits.ts";

describe("--limit", () => {
  it("takes the limit names that errors print, with whole numbers and units", () => {
    const texts = ["children=20000", "holeBytes=10GiB", "children=3", "expansionFloor=1.5GB"];
    expect(parseLimits(texts)).toEqual({
      children: 3,
      holeBytes: 10 * 2 ** 30,
      expansionFloor: 1.5e9,
    });
  });

  it.each([
    "children",
    "children=",
    "children=-1",
    "children=1.5",
    "children=.",
    "children=10XB",
    "children=1e9",
    "=1",
    "toString=1",
  ])("refuses %s", (text) => {
    expect(() => parseLimits([text])).toThrow(/^--limit: expected /);
  });

  it("calls a size what every option calls it", () => {
    expect(() => parseLimits(["holeBytes=10 GB"])).toThrow("or a size as 500MB or 8GiB, got");
    expect(() => parseSize("--size", "10 GB")).toThrow("expected a size as 500MB or 8GiB, got");
  });

  it("lists the valid names when a name is wrong", () => {
    expect(() => parseLimits(["ratio=1"])).toThrow(/documentBytes, jsonDepth, children/);
  });
});

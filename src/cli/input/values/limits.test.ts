// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseLimits } from "./limits.ts";

describe("--limit", () => {
  it("takes the limit names that errors print, with whole numbers and units", () => {
    expect(parseLimits(["children=20000", "holeBytes=10GiB", "children=3"])).toEqual({
      children: 3,
      holeBytes: 10 * 2 ** 30,
    });
  });

  it.each([
    "children",
    "children=",
    "children=-1",
    "children=1.5",
    "children=1e9",
    "=1",
    "toString=1",
  ])("refuses %s", (text) => {
    expect(() => parseLimits([text])).toThrow(/^--limit: expected /);
  });

  it("lists the valid names when a name is wrong", () => {
    expect(() => parseLimits(["ratio=1"])).toThrow(/documentBytes, jsonDepth, children/);
  });
});

// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count, table } from "./format.ts";

it("bytes are shown in powers of 1000 with at most one decimal", () => {
  expect([0, 999, 1000, 1_549_000, 123_456_789, 4.2e10, 7e15].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "1.5 MB",
    "123 MB",
    "42.0 GB",
    "7000 TB",
  ]);
});

it("a noun is singular after 1 and plural after other numbers", () => {
  expect([count(1, "layer"), count(0, "layer"), count(2, "entry", "entries")]).toEqual([
    "1 layer",
    "0 layers",
    "2 entries",
  ]);
});

it("table columns are as wide as their widest cell, and lines have no trailing blanks", () => {
  expect(
    table([
      ["a", "long", "x"],
      ["bbb", "b"],
    ]),
  ).toEqual(["a    long  x", "bbb  b"]);
  expect(table([])).toEqual([]);
});

it("tables with wide characters are aligned by terminal columns", () => {
  expect(
    table([
      ["日本", "x"],
      ["abcde", "x"],
    ]),
  ).toEqual(["日本   x", "abcde  x"]);
});

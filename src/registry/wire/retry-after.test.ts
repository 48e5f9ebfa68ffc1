// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { formatWait, parseRetryAfter } from "./retry-after.ts";

const NOW = Date.parse("2026-01-02T03:04:05Z");

describe("a Retry-After header", () => {
  it.each([
    ["3", 3_000],
    [" 0 ", 0],
    ["1.5", 1_500],
    ["Fri, 02 Jan 2026 03:04:15 GMT", 10_000],
    ["Fri, 02 Jan 2026 03:00:00 GMT", 0],
    ["Friday, 02-Jan-26 03:04:15 GMT", 10_000],
    ["Friday, 02-Jan-99 03:04:15 GMT", 0],
    ["Fri Jan  2 03:04:15 2026", 10_000],
    ["Fri Jan 12 03:04:05 2026", 864_000_000],
    [`${NOW / 1_000 + 60}`, 60_000],
    [`${NOW + 60_000}`, 60_000],
    [`${NOW / 1_000 - 60}`, 0],
    ["999999999", 999_999_999_000],
    ["1m30s", 90_000],
    ["250ms", 250],
  ])("%s asks for %d ms", (header, expected) => {
    expect(parseRetryAfter(header, NOW)).toBeCloseTo(expected, 6);
  });

  it("may hold a Go duration, as a real registry sent it: 880.092µs", () => {
    expect(parseRetryAfter("880.092µs", NOW)).toBeCloseTo(0.880092, 9);
    // Node reads headers as Latin-1: this is how UTF-8 arrives.
    expect(parseRetryAfter("880.092Âµs", NOW)).toBeCloseTo(0.880092, 9);
  });

  it("asks for the same wherever it is read: the date without a zone is UTC, too", () => {
    const zone = process.env["TZ"];
    process.env["TZ"] = "Pacific/Kiritimati";
    try {
      expect(parseRetryAfter("Fri Jan  2 03:04:15 2026", NOW)).toBe(10_000);
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });

  it.each([
    ...[undefined, "", "soon", "-5", "-1", "1e9", "12 parsecs", "5x", "9".repeat(40)],
    ...["Fri Foo  2 03:04:15 2026", "Fri, 02 anF 2026 03:04:15 GMT", "2026-01-02T03:04:15Z"],
  ])("(%s) is ignored", (header) => {
    expect(parseRetryAfter(header, NOW)).toBeUndefined();
  });
});

it.each([
  [250, "250 ms"],
  [1_001, "2 s"],
  [90_000, "90 s"],
  [3_600_000, "1 h"],
  [21_960_000, "6 h 6 min"],
  [999_999_999_000, "11575 days"],
])("a wait of %d ms is written %s", (wait, text) => {
  expect(formatWait(wait)).toBe(text);
});

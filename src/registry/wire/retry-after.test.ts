// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseRetryAfter } from "./retry-after.ts";

const NOW = Date.parse("2026-01-02T03:04:05Z");

describe("a Retry-After header", () => {
  it.each([
    ["3", 3_000],
    [" 0 ", 0],
    ["1.5", 1_500],
    ["Fri, 02 Jan 2026 03:04:15 GMT", 10_000],
    ["Fri, 02 Jan 2026 03:00:00 GMT", 0],
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

  it.each([undefined, "", "soon", "-5", "1e9", "12 parsecs", "5x"])("(%s) is ignored", (header) => {
    expect(parseRetryAfter(header, NOW)).toBeUndefined();
  });
});

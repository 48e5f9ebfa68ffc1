// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quote } from "./quote.ts";

describe("quote", () => {
  it("shows text as JSON, at most 160 characters of it", () => {
    expect(quote('a"b')).toBe('"a\\"b"');
    expect(quote("x".repeat(1000))).toBe(`"${"x".repeat(160)}"`);
  });

  it("shows plain values, and only the kind of other values", () => {
    expect([null, -1, true, undefined, 1n, [], {}].map(quote)).toEqual([
      "null",
      "-1",
      "true",
      "undefined",
      "1",
      "an array",
      "an object",
    ]);
  });

  it("never lets a control character or a direction override through", () => {
    expect(quote("\u001b[2J\u009b\u202egnp.exe\u2066")).toBe(
      '"\\u001b[2J\\u009b\\u202egnp.exe\\u2066"',
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(quote(text)).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

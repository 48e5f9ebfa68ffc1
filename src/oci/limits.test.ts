// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, withLimits } from "./limits.ts";

describe("withLimits", () => {
  it("is the defaults when nothing is given", () => {
    expect(withLimits(undefined)).toBe(DEFAULT_LIMITS);
    expect(withLimits({})).toEqual(DEFAULT_LIMITS);
  });

  it("changes what is given and only that", () => {
    expect(withLimits({ children: 3 })).toEqual({ ...DEFAULT_LIMITS, children: 3 });
  });

  it("has defaults that are frozen, finite and positive", () => {
    expect(Object.isFrozen(DEFAULT_LIMITS)).toBe(true);
    for (const limit of Object.values(DEFAULT_LIMITS))
      expect(Number.isSafeInteger(limit) && limit > 0).toBe(true);
  });
});

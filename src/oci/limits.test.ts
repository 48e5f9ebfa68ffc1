// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, limitExceeded, withLimits } from "./limits.ts";

describe("withLimits", () => {
  it("returns the defaults when nothing is given", () => {
    expect(withLimits(undefined)).toBe(DEFAULT_LIMITS);
    expect(withLimits({})).toEqual(DEFAULT_LIMITS);
  });

  it("changes only the given limits", () => {
    expect(withLimits({ children: 3 })).toEqual({ ...DEFAULT_LIMITS, children: 3 });
  });

  it("has defaults that are frozen, finite and positive", () => {
    expect(Object.isFrozen(DEFAULT_LIMITS)).toBe(true);
    for (const limit of Object.values(DEFAULT_LIMITS))
      expect(Number.isSafeInteger(limit) && limit > 0).toBe(true);
  });
});

describe("an exceeded limit", () => {
  it("names the limit, what is allowed and what came, and how to raise it", () => {
    const error = limitExceeded({
      what: "layer 3",
      limit: "pathBytes",
      allowed: 10,
      got: 12,
      unit: "bytes of the path",
      details: { path: "a/b" },
    });
    expect(error).toMatchObject({
      code: "limit-exceeded",
      message: "layer 3: expected at most 10 bytes of the path, got 12",
      hint: "If the content is trusted, raise it with --limit pathBytes=N (limits.pathBytes in the library).",
    });
    expect(error.details).toEqual({ path: "a/b", limit: "pathBytes", allowed: 10, got: 12 });
  });

  it("that is fixed has no hint, and may have no exact number", () => {
    const error = limitExceeded({ what: "oci-kit.yaml", allowed: 10, unit: "bytes" });
    expect(error.message).toBe("oci-kit.yaml: expected at most 10 bytes, got more");
    expect(error.details).toEqual({ allowed: 10 });
    expect(error.hint).toBeUndefined();
  });
});

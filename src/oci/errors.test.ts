// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { isOciError, OciError } from "./errors.ts";

describe("OciError", () => {
  it("is an Error with a code, and with empty details if none are given", () => {
    const error = new OciError("not-found", "tag x: not there");
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "OciError", code: "not-found", details: {} });
    expect(error.hint).toBeUndefined();
    expect("cause" in error).toBe(false);
  });

  it("keeps details, hint and cause", () => {
    const cause = new Error("below");
    const error = new OciError("locked", "busy", { details: { pid: 1 }, hint: "Wait.", cause });
    expect(error).toMatchObject({ details: { pid: 1 }, hint: "Wait.", cause });
  });
});

describe("isOciError", () => {
  it("accepts any code, or only the given ones", () => {
    const error: unknown = new OciError("locked", "busy");
    expect(isOciError(error)).toBe(true);
    expect(isOciError(error, "not-found", "locked")).toBe(true);
    expect(isOciError(error, "not-found")).toBe(false);
  });

  it("is false for other errors, even if they have such a code", () => {
    expect(isOciError(Object.assign(new Error("x"), { code: "locked" }), "locked")).toBe(false);
    expect(isOciError(undefined)).toBe(false);
  });
});

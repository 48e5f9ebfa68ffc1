// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { parseDuration } from "./duration.ts";

it("a duration is a number and a unit", () => {
  const durations = { "0": 0, "0s": 0, "5ms": 5, "90s": 90_000, "30m": 1_800_000 };
  for (const [text, milliseconds] of Object.entries({
    ...durations,
    "1h": 3_600_000,
    "7d": 604_800_000,
  })) {
    expect(parseDuration("--min-age", text)).toBe(milliseconds);
  }
});

it("any other text is refused as a duration", () => {
  for (const text of ["", "1", "h", "-1h", "1.5h", "1 h", "1h30m", "1w", "9999999999s"]) {
    expect(() => parseDuration("--min-age", text)).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining("--min-age: expected a duration") as string,
      }),
    );
  }
});

// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { createdOf, parseTime, sourceDateEpochOf } from "./created.ts";

it("a time is seconds since 1970 or RFC 3339", () => {
  const times = {
    "0": 0,
    "1700000000": 1_700_000_000,
    "1970-01-01T00:00:07Z": 7,
    "1970-01-01T01:00:05.999+01:00": 5,
    "1969-12-31T23:59:59.5Z": -1,
  };
  for (const [text, seconds] of Object.entries(times)) {
    expect(parseTime("--created", text)).toBe(seconds);
  }
});

it("any other text is refused as a time", () => {
  const texts = ["", "-1", "1.5", "1e3", "yesterday", "2026-01-31", "2026-13-01T00:00:00Z"];
  for (const text of [...texts, "2026-01-31T12:00:00"]) {
    expect(() => parseTime("--created", text)).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining("--created: expected seconds since 1970 or") as string,
      }),
    );
  }
});

it("SOURCE_DATE_EPOCH is whole seconds only, and may be empty", () => {
  expect(sourceDateEpochOf({ SOURCE_DATE_EPOCH: "1700000000" })).toBe(1_700_000_000);
  expect(createdOf({ SOURCE_DATE_EPOCH: "1700000000" })).toBe("2023-11-14T22:13:20Z");
  for (const env of [{}, { SOURCE_DATE_EPOCH: "" }]) expect(createdOf(env)).toBeUndefined();
  expect(() => sourceDateEpochOf({ SOURCE_DATE_EPOCH: "1970-01-01T00:00:07Z" })).toThrow(
    "SOURCE_DATE_EPOCH: expected seconds since 1970, got",
  );
});

it.each([
  "2026-02-30",
  "2026-02-30T00:00:00Z",
  "2025-02-29T00:00:00Z",
  "2026-13-01T00:00:00Z",
  "2026-01-01T24:00:00Z",
  "999999999999",
])("a day that the calendar lacks is refused, not taken for a later one: %s", (text) => {
  expect(() => parseTime("--created", text)).toThrow(
    expect.objectContaining({ code: "invalid-argument" }),
  );
});

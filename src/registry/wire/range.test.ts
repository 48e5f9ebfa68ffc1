// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatContentRange,
  formatUploadRange,
  parseContentRange,
  parseRange,
  parseUploadRange,
} from "./range.ts";

describe("a Range header", () => {
  it.each([
    ["bytes=0-9", { start: 0, end: 9 }],
    ["bytes=90-", { start: 90, end: 99 }],
    ["bytes=-10", { start: 90, end: 99 }],
    ["bytes=-1000", { start: 0, end: 99 }],
    ["bytes=95-1000", { start: 95, end: 99 }],
    ["bytes=100-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=9-0", undefined],
    ["bytes=0-1,5-6", undefined],
    ["bytes=-", undefined],
    ["lines=0-1", undefined],
    ["bytes=a-b", undefined],
    [undefined, undefined],
  ])("%s of 100 bytes means %j", (header, expected) => {
    expect(parseRange(header, 100)).toEqual(expected);
  });

  it("is unsatisfiable for empty content", () => {
    expect(parseRange("bytes=0-", 0)).toBe("unsatisfiable");
    expect(parseRange("bytes=-5", 0)).toBe("unsatisfiable");
  });

  it("never reaches outside the content", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(1_000), (first, last, size) => {
        const range = parseRange(`bytes=${first}-${last}`, size);
        if (typeof range !== "object") return;
        expect(range.start).toBeLessThanOrEqual(range.end);
        expect(range.end).toBeLessThan(size);
      }),
    );
  });
});

describe("a Content-Range header", () => {
  it("is parsed back as it was written", () => {
    expect(parseContentRange(formatContentRange({ start: 5, end: 9 }, 100))).toEqual({
      start: 5,
      end: 9,
      size: 100,
    });
  });
  it.each(["bytes 9-5/10", "bytes 5-9", "bytes */10", "items 0-1/2", "", undefined])(
    "of %j is ignored",
    (header) => {
      expect(parseContentRange(header)).toBeUndefined();
    },
  );
  it("may omit the size", () => {
    expect(parseContentRange("bytes 0-1/*")?.size).toBeUndefined();
  });
});

describe("the range of an upload", () => {
  it.each(["0-99", "bytes=0-99", "bytes 0-99/100", "bytes 0-99/*"])(
    "may be written %s",
    (header) => {
      expect(parseUploadRange(header)).toEqual({ start: 0, end: 99 });
    },
  );
  it("includes both ends", () => {
    expect(formatUploadRange(100)).toBe("0-99");
    expect(formatUploadRange(0)).toBe("0-0");
  });
  it.each(["99-0", "-5", "0-", undefined])("can't be parsed from %s", (header) => {
    expect(parseUploadRange(header)).toBeUndefined();
  });
});

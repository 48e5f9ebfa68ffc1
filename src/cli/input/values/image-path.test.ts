// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAscii, toText, type ByteString } from "../../../bytes/byte-string.ts";
import { parseImagePath } from "./image-path.ts";

describe("a path in an image", () => {
  it("is what was typed, in UTF-8", () => {
    expect(parseImagePath("/usr/bin/cc")).toBe("/usr/bin/cc");
    expect(parseImagePath("/é")).toBe("/\u00c3\u00a9");
  });

  it("can be pasted from what was printed: escapes stand for the bytes that they were made of", () => {
    const anyAscii = fc.string({ unit: "binary-ascii" }).filter(isAscii);
    const noText = fc.string({ unit: "binary-ascii" }).map((text) => `${text}\u00ff` as ByteString);
    fc.assert(
      fc.property(fc.oneof(anyAscii, noText), (path) => {
        expect(parseImagePath(toText(path))).toBe(path);
      }),
    );
  });

  it("keeps a backslash that begins no escape", () => {
    expect(parseImagePath("/a\\b")).toBe("/a\\b");
  });
});

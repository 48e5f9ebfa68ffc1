// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parsePlatform } from "../oci/platform.ts";
import { architectureTag, checkIndexTag } from "./tag-names.ts";

describe("architectureTag", () => {
  it.each([
    ["riscv64", "latest-cross-riscv64"],
    ["arm64/v8", "latest-cross-arm64"],
    ["linux/arm/v7", "latest-cross-arm"],
    ["linux/arm/v6", "latest-cross-armv6"],
    ["windows/amd64", "latest-cross-windows-amd64"],
  ])("names the image for %s %s", (platform, tag) => {
    const text = platform === "arm64/v8" ? "linux/arm64/v8" : platform;
    expect(architectureTag("latest-cross", parsePlatform(text))).toBe(tag);
  });

  it("refuses a result that is not a valid tag", () => {
    expect(() => architectureTag("a".repeat(125), parsePlatform("amd64"))).toThrow(/tag: expected/);
  });
});

describe("checkIndexTag", () => {
  const platforms = [parsePlatform("amd64"), parsePlatform("riscv64")];

  it("refuses the tag of one architecture's image, so that latest-amd64 stays unambiguous", () => {
    expect(() => checkIndexTag("latest-amd64", platforms)).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        hint: expect.stringMatching(/push latest\.$/) as string,
      }) as Error,
    );
  });

  it("accepts the tag of a build variant, which is not an architecture", () => {
    expect(() => checkIndexTag("latest-nvidia", platforms)).not.toThrow();
    expect(() => checkIndexTag("winamd64", platforms)).not.toThrow();
  });

  it("refuses an invalid tag", () => {
    expect(() => checkIndexTag("a/b", platforms)).toThrow(/tag: expected/);
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseTypedPlatform } from "./known-platforms.ts";
import { formatPlatform } from "./platform.ts";

function parse(text: string): { readonly platform: string; readonly doubts: readonly string[] } {
  const doubts: string[] = [];
  const platform = parseTypedPlatform(text, (message) => doubts.push(message));
  return { platform: formatPlatform(platform), doubts };
}

describe("a platform that a person typed", () => {
  it.each(["linux/amd64", "arm64", "x86_64", "linux/arm/v7", "windows(10.0.17763)/amd64", "armhf"])(
    "is taken without a word when its parts are known: %s",
    (text) => expect(parse(text).doubts).toEqual([]),
  );

  it.each([
    ["amd64/linux", "linux/amd64"],
    ["arm64/darwin", "darwin/arm64"],
    ["x86_64/linux", "linux/amd64"],
    ["linux-amd64", "linux/amd64"],
    ["linux_arm_v7", "linux/arm/v7"],
    ["darwin-aarch64", "darwin/arm64"],
  ])("is refused when its parts changed places or were joined: %s", (text, meant) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: "invalid-platform",
        hint: `Did you mean ${meant}?`,
      }) as Error,
    );
  });

  it.each([
    ["linux/amd46", "linux/amd64"],
    ["linux/rsicv64", "linux/riscv64"],
    ["linxu/arm64", "linux/arm64"],
    ["ppc64el", "linux/ppc64le"],
  ])("is doubted when a known one is near: %s", (text, meant) => {
    expect(parse(text).doubts).toEqual([expect.stringContaining(`did you mean ${meant}?`)]);
  });

  it("is taken with a word when nothing known is near, since the specification allows any value", () => {
    expect(parse("fuchsia/e2k")).toEqual({
      platform: "fuchsia/e2k",
      doubts: ['platform "fuchsia/e2k": the system "fuchsia" is no known one'],
    });
  });
});

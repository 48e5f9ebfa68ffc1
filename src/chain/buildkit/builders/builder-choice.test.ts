// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { chooseBuilder, parseBuilderChoice } from "./builder-choice.ts";

it("a builder is chosen by the platform's one spelling, else the one for all others", () => {
  const choice = parseBuilderChoice(["linux/aarch64=far", "tcp://host:1234?a=b"]);
  expect(chooseBuilder(choice, { os: "linux", architecture: "arm64", variant: "v8" })).toBe("far");
  expect(chooseBuilder(choice, { os: "linux", architecture: "amd64" })).toBe("tcp://host:1234?a=b");
  expect(chooseBuilder(parseBuilderChoice([]), { os: "linux", architecture: "amd64" })).toBe(
    undefined,
  );
});

it("two builders of one platform, and no platform at all, are refused", () => {
  expect(() => parseBuilderChoice(["arm64=a", "linux/arm64=b"])).toThrow(
    /linux\/arm64: expected one/,
  );
  expect(() => parseBuilderChoice(["a", "b"])).toThrow(/all platforms/);
  expect(() => parseBuilderChoice(["li nux=a"])).toThrow(/platform/);
});

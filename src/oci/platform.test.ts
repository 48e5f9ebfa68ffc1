// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOciError } from "./errors.ts";
import {
  formatPlatform,
  isUnknownPlatform,
  normalisePlatform,
  parsePlatform,
  platformMatches,
} from "./platform.ts";

const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,11}$/);
const platform = fc.record(
  {
    os: fc.oneof(fc.constantFrom("linux", "windows", "macOS"), word),
    architecture: fc.oneof(fc.constantFrom("arm", "arm64", "amd64", "aarch64", "armel"), word),
    variant: fc.oneof(fc.constantFrom("", "v1", "v8", "8", "6", "v7"), word),
    "os.version": word,
    "os.features": fc.array(word, { maxLength: 3 }),
  },
  { requiredKeys: ["os", "architecture"] },
);
const matches = (wanted: string, candidate: string) =>
  platformMatches(parsePlatform(wanted), parsePlatform(candidate));

describe("parsePlatform", () => {
  it.each([
    ["linux/riscv64", { os: "linux", architecture: "riscv64" }],
    ["riscv64", { os: "linux", architecture: "riscv64" }],
    ["linux/arm64/v8", { os: "linux", architecture: "arm64" }],
    ["linux/arm64/v9", { os: "linux", architecture: "arm64", variant: "v9" }],
    ["aarch64", { os: "linux", architecture: "arm64" }],
    ["x86_64", { os: "linux", architecture: "amd64" }],
    ["linux/amd64/v1", { os: "linux", architecture: "amd64" }],
    ["linux/amd64/v3", { os: "linux", architecture: "amd64", variant: "v3" }],
    ["arm", { os: "linux", architecture: "arm", variant: "v7" }],
    ["linux/arm/6", { os: "linux", architecture: "arm", variant: "v6" }],
    ["armhf", { os: "linux", architecture: "arm", variant: "v7" }],
    ["armel", { os: "linux", architecture: "arm", variant: "v6" }],
    ["i386", { os: "linux", architecture: "386" }],
    ["macOS/ARM64", { os: "darwin", architecture: "arm64" }],
    ["unknown/unknown", { os: "unknown", architecture: "unknown" }],
    [
      "windows(10.0.17763+win32k)/amd64",
      {
        os: "windows",
        architecture: "amd64",
        "os.version": "10.0.17763",
        "os.features": ["win32k"],
      },
    ],
    ["linux(+sse4)/amd64", { os: "linux", architecture: "amd64", "os.features": ["sse4"] }],
  ])("reads %s", (text, expected) => expect(parsePlatform(text)).toEqual(expected));

  it.each([
    "",
    "/",
    "linux",
    "Windows",
    "linux/",
    "/amd64",
    "linux/arm/v7/x",
    "linux/amd 64",
    "linux/../x",
    "linux(/amd64",
    "linux/amd64\n",
    `linux/${"x".repeat(65)}`,
  ])("refuses %j with an example", (text) => {
    expect(() => parsePlatform(text)).toThrow(
      expect.objectContaining({
        code: "invalid-platform",
        hint: "For example linux/riscv64 or linux/arm/v7.",
      }),
    );
  });

  it("reads back every formatted platform, normalised", () => {
    fc.assert(
      fc.property(platform, (value) => {
        const normal = normalisePlatform(value);
        expect(parsePlatform(formatPlatform(value))).toEqual(normal);
        expect(parsePlatform(formatPlatform(normal))).toEqual(normal);
        expect(normalisePlatform(normal)).toEqual(normal);
      }),
    );
  });

  it("throws nothing but invalid-platform", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z(+)/]*$/)),
        (text) => {
          try {
            parsePlatform(text);
          } catch (error) {
            if (!isOciError(error, "invalid-platform")) throw error;
          }
        },
      ),
    );
  });
});

describe("normalisePlatform", () => {
  it("keeps only the platform's fields of a configuration", () => {
    const config = { os: "linux", architecture: "aarch64", variant: "v8", rootfs: {} };
    expect(normalisePlatform(config)).toEqual({ os: "linux", architecture: "arm64" });
  });

  it("leaves out empty fields", () => {
    const empty = {
      os: "linux",
      architecture: "riscv64",
      variant: "",
      "os.version": "",
      "os.features": [],
    };
    expect(normalisePlatform(empty)).toEqual({ os: "linux", architecture: "riscv64" });
  });

  it("sorts features", () => {
    const windows = { os: "windows", architecture: "amd64", "os.features": ["b", "a"] };
    expect(normalisePlatform(windows)["os.features"]).toEqual(["a", "b"]);
    expect(windows["os.features"]).toEqual(["b", "a"]);
  });

  it("is not misled by an architecture with the name of an object's member", () => {
    expect(normalisePlatform({ os: "linux", architecture: "constructor" }).architecture).toBe(
      "constructor",
    );
  });
});

describe("platformMatches", () => {
  it("matches a default variant that is left out with one that is written", () => {
    const arm64 = { os: "linux", architecture: "arm64" };
    expect(platformMatches(arm64, { ...arm64, variant: "v8" })).toBe(true);
    expect(platformMatches({ ...arm64, variant: "v8" }, arm64)).toBe(true);
    expect(
      platformMatches(
        { os: "linux", architecture: "arm" },
        { os: "linux", architecture: "arm", variant: "v7" },
      ),
    ).toBe(true);
    expect(matches("amd64", "linux/amd64/v1")).toBe(true);
  });

  it.each([
    ["amd64", "arm64"],
    ["amd64", "windows/amd64"],
    ["amd64", "linux/amd64/v3"],
    ["linux/arm/v6", "linux/arm/v7"],
    ["amd64", "unknown/unknown"],
    ["windows(10.0.17763)/amd64", "windows/amd64"],
    ["windows(10.0.1)/amd64", "windows(10.0.17763)/amd64"],
    ["windows(+win32k)/amd64", "windows/amd64"],
  ])("does not match %s with %s", (wanted, candidate) =>
    expect(matches(wanted, candidate)).toBe(false),
  );

  it("compares version and features only if they are wanted", () => {
    const candidate = "windows(10.0.17763.1879+a+win32k)/amd64";
    expect(matches("windows/amd64", candidate)).toBe(true);
    expect(matches("windows(10.0.17763)/amd64", candidate)).toBe(true);
    expect(matches("windows(+win32k)/amd64", candidate)).toBe(true);
  });

  it("matches every platform with itself", () => {
    fc.assert(fc.property(platform, (value) => platformMatches(value, value)));
  });
});

describe("isUnknownPlatform", () => {
  it("is true for an attestation's platform, and false for an image's and for none", () => {
    expect(isUnknownPlatform({ os: "unknown", architecture: "unknown" })).toBe(true);
    expect(isUnknownPlatform({ os: "linux", architecture: "unknown" })).toBe(false);
    expect(isUnknownPlatform(undefined)).toBe(false);
  });
});

// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  diffIdOf,
  digestAlgorithm,
  digestEncoded,
  digestOf,
  isDigest,
  knownAlgorithm,
  parseDiffId,
  parseDigest,
  shortDigest,
} from "./digest.ts";
import { isOciError } from "./errors.ts";

const SHA256 = `sha256:${"0123456789abcdef".repeat(4)}`;
const SHA512 = `sha512:${"0123456789abcdef".repeat(8)}`;
const hex = (length: number) =>
  fc.string({
    unit: fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16)),
    minLength: length,
    maxLength: length,
  });

describe("parseDigest", () => {
  it("accepts sha256 and sha512 in lower-case hex", () => {
    expect(parseDigest(SHA256)).toBe(SHA256);
    expect(parseDigest(SHA512)).toBe(SHA512);
  });

  it.each([
    "md5:d41d8cd98f00b204e9800998ecf8427e",
    "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7=",
    "a.b-c_d+e:x",
  ])("accepts a well-formed digest of an unknown algorithm: %s", (text) =>
    expect(parseDigest(text)).toBe(text),
  );

  it.each([
    ["path traversal (CVE-2024-3727, CVE-2024-37032)", "sha256:../../../../etc/passwd"],
    ["upper-case hex", SHA256.toUpperCase().replace("SHA", "sha")],
    ["an upper-case algorithm", SHA256.replace("sha", "SHA")],
    ["63 digits", SHA256.slice(0, -1)],
    ["65 digits", `${SHA256}0`],
    ["127 digits of sha512", SHA512.slice(0, -1)],
    ["an encoded slash", `sha256:${"A".repeat(62)}..%2f`],
    ["a slash", `sha256:${"a".repeat(32)}/${"a".repeat(31)}`],
    ["a dot in an unknown algorithm's value", "md5:../x"],
    ["no algorithm", `:${"a".repeat(64)}`],
    ["no value", "sha256:"],
    ["no colon", "a".repeat(64)],
    ["two colons", `sha256:${SHA256}`],
    ["a separator at the end of the algorithm", "sha256+:abc"],
    ["a trailing newline", `${SHA256}\n`],
    ["a leading space", ` ${SHA256}`],
    ["a NUL", `${SHA256}\0`],
    ["more than 512 characters", `x:${"a".repeat(511)}`],
    ["nothing", ""],
  ])("refuses %s", (_name, text) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: "invalid-digest" }));
    expect(() => parseDiffId(text)).toThrow(/^diffID: expected sha256:/);
    expect(isDigest(text)).toBe(false);
  });

  it("shows what it got in one line, and shortened", () => {
    const text = `sha256:\u001b[2J\n${"x".repeat(1000)}`;
    expect(() => parseDigest(text)).toThrow(
      /^digest: expected .*, got "sha256:\\u001b\[2J\\nx{1,160}"$/,
    );
  });

  it("reads every digest that was made from an algorithm and hex", () => {
    fc.assert(
      fc.property(hex(64), hex(128), (short, long) => {
        for (const digest of [digestOf("sha256", short), digestOf("sha512", long)]) {
          expect(parseDigest(`${digestAlgorithm(digest)}:${digestEncoded(digest)}`)).toBe(digest);
          expect(isDigest(digest)).toBe(true);
        }
      }),
    );
  });

  it("returns a text unchanged or throws invalid-digest", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z0-9+._:=-]*$/)),
        (text) => {
          try {
            expect(parseDigest(text)).toBe(text);
            expect(text).toMatch(/^[a-z0-9+._-]+:[a-zA-Z0-9=_-]+$/);
          } catch (error) {
            if (!isOciError(error, "invalid-digest")) throw error;
          }
        },
      ),
    );
  });
});

describe("knownAlgorithm", () => {
  it("names the algorithm that can be verified", () => {
    expect(knownAlgorithm(parseDigest(SHA256))).toBe("sha256");
    expect(knownAlgorithm(parseDigest(SHA512))).toBe("sha512");
  });

  it.each(["md5:abc", "constructor:abc", "sha384:abc"])(
    "throws for %s, which never counts as verified",
    (text) => {
      expect(() => knownAlgorithm(parseDigest(text))).toThrow(
        expect.objectContaining({ code: "unsupported-algorithm" }),
      );
    },
  );
});

describe("the parts of a digest", () => {
  it("are the text before and after the colon", () => {
    const digest = parseDigest("sha256+b64u:LCa0=");
    expect(digestAlgorithm(digest)).toBe("sha256+b64u");
    expect(digestEncoded(digest)).toBe("LCa0=");
  });

  it("are shortened to twelve digits for people", () => {
    expect(shortDigest(parseDigest(SHA256))).toBe("sha256:0123456789ab");
  });

  it("make a diffID when they are those of uncompressed bytes", () => {
    expect(diffIdOf(parseDigest(SHA256))).toBe(parseDiffId(SHA256));
  });

  it("are checked when a digest is made from them", () => {
    expect(() => digestOf("sha256", "AB")).toThrow(
      expect.objectContaining({ code: "invalid-digest" }),
    );
  });
});

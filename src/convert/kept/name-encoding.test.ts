// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeName, encodeName } from "./name-encoding.ts";

describe("the file name that encodes a name", () => {
  it("is easy to read", () => {
    const files = {
      "registry.example:5000/a/b:tag": "registry.example:5000%2fa%2fb:tag",
      [`a/b@sha256:${"0".repeat(64)}`]: `a%2fb@sha256:${"0".repeat(64)}`,
      "oci:out/x": "oci:out%2fx",
      "1.0-RC1": "1.0-%52%431",
      "100%": "100%25",
      grün: "gr%c3%bcn",
      "image:latest": "image:latest",
      " ": "%20",
      "a\nb": "a%0ab",
    };
    for (const [name, file] of Object.entries(files)) {
      expect(encodeName(name)).toBe(file);
      expect(decodeName(file)).toBe(name);
    }
  });

  it("never leads out of its directory and is never hidden", () => {
    for (const name of [".", "..", "../x", "/etc/passwd", ".hidden", "a/../../b", "~", "C:\\x"]) {
      expect(encodeName(name)).toMatch(/^[^./][^/\\]*$/);
      expect(decodeName(encodeName(name))).toBe(name);
    }
  });

  it("is reversible and unique, however the disk treats case and accents", () => {
    const names = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(names, names, (a, b) => {
        fc.pre(!a.includes("\0") && !b.includes("\0"));
        const [one, other] = [encodeName(a), encodeName(b)];
        expect(decodeName(one)).toBe(a);
        expect(one).toMatch(/^[\x21-\x7e]+$/);
        expect(one.toLowerCase() === other.toLowerCase()).toBe(a === b);
      }),
    );
  });

  it("is refused for text that is not a name or is too long for a disk", () => {
    const digest = `sha256:${"0".repeat(64)}`;
    for (const name of ["", "a\0b", "\ud800", digest, "a".repeat(256), "/".repeat(86)]) {
      expect(() => encodeName(name)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    }
    expect(encodeName("a".repeat(255))).toHaveLength(255);
  });

  it("is not decoded if encoding never produces it", () => {
    const files = ["", ".", "..", ".x", "A", "a/b", "a b", "%2F", "%61", "%", "%2", "%ff", "ü"];
    for (const file of [...files, "x".repeat(256), `sha256:${"0".repeat(64)}`, "%00"]) {
      expect(decodeName(file)).toBeUndefined();
    }
  });
});

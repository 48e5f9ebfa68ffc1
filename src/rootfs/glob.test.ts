// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromText } from "../bytes/byte-string.ts";
import { compileGlob, isGlob } from "./glob.ts";

function matches(pattern: string, path: string): boolean {
  return compileGlob(fromText(pattern)).some((glob) => glob.matches(fromText(path)));
}

describe("a glob pattern", () => {
  it.each([
    ["/usr/lib/*.so*", "/usr/lib/libvvdec.so.1", true],
    ["/usr/lib/*.so*", "/usr/lib/sub/libvvdec.so", false],
    ["/usr/lib/*", "/usr/lib/.hidden", true],
    ["/usr/lib/*", "/usr/lib", false],
    ["/usr/lib/?.o", "/usr/lib/a.o", true],
    ["/usr/lib?a.o", "/usr/lib/a.o", false],
    ["**/*.la", "x.la", true],
    ["**/*.la", "a/b/x.la", true],
    ["**/*.la", "a/b/x.lab", false],
    ["/a/**/z", "/a/z", true],
    ["/a/**/z", "/a/b/c/z", true],
    ["/a/**/z", "/az", false],
    ["/a/**/z", "/a/bz", false],
    ["/a/**", "/a/b/c", true],
    ["/a/**", "/a", false],
    ["/a/**", "/a/", false],
    ["/a/b**c", "/a/bxxc", true],
    ["/a/b**c", "/a/b/c", false],
    ["/lib[0-9a]", "/lib7", true],
    ["/lib[!0-9]", "/lib7", false],
    ["/lib[!0-9]", "/lib/", false],
    ["/lib[]x]", "/lib]", true],
    ["/{a,b{c,d}}/x", "/bd/x", true],
    ["/{a,b{c,d}}/x", "/b/x", false],
    ["/x{,.gz}", "/x", true],
    ["/\\*", "/*", true],
    ["/\\*", "/a", false],
    ["/ü*", "/übel", true],
  ])("matches or not: %s against %s is %s", (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  it("reports the leading directory below which all its matches are", () => {
    const [first, second] = compileGlob(fromText("/usr/{lib/x*/y,include}"));
    expect(first).toMatchObject({ prefix: "/usr/lib", literal: false, depth: 5 });
    expect(second).toMatchObject({ prefix: "/usr/include", literal: true });
  });

  it.each(["/a[", "/a[]", "/a{b", "/a\\", "/[/]"])(
    "is refused when it is malformed: %s",
    (pattern) => {
      expect(() => compileGlob(fromText(pattern))).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
    },
  );

  it("is refused when its braces expand to too many patterns, before they take memory", () => {
    expect(() => compileGlob(fromText("/" + "{a,b}".repeat(12)))).toThrow(/at most 1000 choices/);
  });

  it("needs time in proportion to its length times the path's, even with many stars and no match", () => {
    const [glob] = compileGlob(fromText(`/${"*a".repeat(40)}b`));
    expect(glob!.matches(fromText(`/${"a".repeat(5_000)}`))).toBe(false);
  });

  it("matches only itself when it has no wildcards", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(\/[a-z.]{1,5}){1,4}$/), fc.string(), (path, other) => {
        expect(isGlob(path)).toBe(false);
        expect(matches(path, path)).toBe(true);
        expect(matches(path, other)).toBe(other === path);
      }),
    );
  });
});

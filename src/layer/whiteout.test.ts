// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { ByteString } from "../bytes/byte-string.ts";
import { normalisePath } from "./normalise-path.ts";
import { classifyWhiteout, opaquePath, whiteoutPath } from "./whiteout.ts";

const bytes = (text: string): ByteString => text as ByteString;

describe("classifyWhiteout", () => {
  it.each([
    ["etc/.wh.passwd", "whiteout", "/etc/passwd"],
    ["/.wh.a", "whiteout", "/a"],
    ["./a/../b/.wh.c", "whiteout", "/b/c"],
    [".wh..hidden", "whiteout", "/.hidden"],
    [".wh....", "whiteout", "/..."],
    ["a/.wh.\xff", "whiteout", "/a/\xff"],
    [".wh..wh..opq", "opaque", "/"],
    ["a/b/.wh..wh..opq", "opaque", "/a/b"],
    [".wh..wh.plnk", "ignored", "/.wh..wh.plnk"],
    [".wh..wh.plnk/123.456", "ignored", "/.wh..wh.plnk/123.456"],
    ["./.wh..wh.aufs", "ignored", "/.wh..wh.aufs"],
    [".wh..wh.orph/", "ignored", "/.wh..wh.orph"],
  ])("classifies %s", (path, kind, removed) => {
    expect(classifyWhiteout(bytes(path))).toEqual({ kind, path: removed });
  });

  it.each([
    "a",
    "a.wh.b",
    "usr/x.wh.",
    ".wh",
    ".wh.etc/somefile",
    ".wh.etc/",
    "a/.wh..wh..opq/b",
    "",
  ])("classifies %j as an ordinary entry", (path) => {
    expect(classifyWhiteout(bytes(path))).toBeUndefined();
  });

  it.each([
    ".wh.",
    ".wh..",
    ".wh...",
    "a/.wh.",
    "a/.wh..",
    "a/.wh...",
    ".wh..wh.foo",
    "a/.wh..wh.plnk",
    ".wh..wh..opqx",
  ])("refuses the malformed %s", (path) => {
    expect(() => classifyWhiteout(bytes(path))).toThrow(/whiteout in the layer: expected .wh. and/);
  });

  it("refuses a whiteout that leaves the root", () => {
    expect(() => classifyWhiteout(bytes("../.wh.a"))).toThrow(/leaves it/);
  });

  it("classifies what whiteoutPath and opaquePath write", () => {
    for (const path of ["/a", "/a/b", "/.hidden"].map(bytes)) {
      expect(classifyWhiteout(whiteoutPath(path))).toEqual({ kind: "whiteout", path });
      expect(classifyWhiteout(opaquePath(path))).toEqual({ kind: "opaque", path });
    }
    expect(whiteoutPath(bytes("/a/b"))).toBe("a/.wh.b");
    expect(opaquePath(bytes("/"))).toBe(".wh..wh..opq");
  });
});

describe("normalisePath", () => {
  it.each([
    ["a/b", "/a/b"],
    ["/a/b", "/a/b"],
    ["a/b/", "/a/b"],
    ["./a", "/a"],
    ["a//b/./c", "/a/b/c"],
    ["a/../b", "/b"],
    ["a/b/..", "/a"],
    ["a/..", "/"],
    [".", "/"],
    ["./", "/"],
    ["/", "/"],
    ["", "/"],
    ["...", "/..."],
    ["a/..b/.c", "/a/..b/.c"],
    ["..a", "/..a"],
    ["\xff/\xfe", "/\xff/\xfe"],
    ["C:\\x", "/C:\\x"],
  ])("turns %j into %s", (path, normalised) => {
    expect(normalisePath(bytes(path))).toBe(normalised);
  });

  it.each(["..", "../x", "a/../../x", "/../x", "./.././../x", "../out-evil"])(
    "refuses %s, which leaves the root",
    (path) => {
      expect(() => normalisePath(bytes(path))).toThrow(
        expect.objectContaining({ code: "path-escape" }),
      );
    },
  );
});

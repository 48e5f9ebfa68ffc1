// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fromText, type ByteString } from "../../../bytes/byte-string.ts";
import { createIgnoreMatcher, type IgnoreMatcher, type MatchState } from "./ignore-matcher.ts";
import { readIgnoreFile } from "./read-ignore-file.ts";

function matcherOf(text: string): IgnoreMatcher {
  return createIgnoreMatcher(readIgnoreFile(new TextEncoder().encode(text), "F"), "F");
}

/** Whether a path is ignored, matched from the root on as a walk does. */
function isIgnored(text: string, path: string): boolean {
  const matcher = matcherOf(text);
  let state: MatchState | undefined;
  const names = fromText(path).split("/");
  for (let count = 1; count <= names.length; count += 1) {
    state = matcher.match(names.slice(0, count).join("/") as ByteString, state);
  }
  return state?.isIgnored === true;
}

// Each of these was seen with BuildKit 0.25 (Docker 28): test/interop/ignore-files.test.ts does so with random ones.
describe("what a pattern ignores", () => {
  it.each<[pattern: string, ignored: string[], kept: string[]]>([
    ["a", ["a", "a/b"], ["ab", "b/a"]],
    ["/a", ["a"], ["b/a"]],
    ["a/", ["a", "a/b"], ["b/a"]],
    ["./a/../b//c/", ["b/c", "b/c/d"], ["a", "b"]],
    ["*", ["a", ".x", "a/b"], []],
    ["*/b", ["a/b", "a/b/c"], ["b", "a/c/b"]],
    ["*.log", ["a.log", ".log"], ["b/a.log", "a.logs"]],
    ["**/*.log", ["a.log", "b/c/a.log"], ["a.logs"]],
    ["**/b", ["b", "a/b", "a/b/c"], ["ab", "a/ab"]],
    ["**b", ["b", "ab", "a/ab"], ["ba"]],
    ["a/**", ["a/b", "a/b/c"], ["a", "b"]],
    ["a/**/c", ["a/c", "a/b/c", "a/b/b/c"], ["a/b", "ac"]],
    ["**", ["a", "a/b"], []],
    ["?", ["a", "é"], ["ab"]],
    ["[a-c]x", ["ax", "cx"], ["dx", "x"]],
    ["[^a]x", ["bx"], ["ax"]],
    ["\\*", ["*"], ["a"]],
    ["\\[z]", ["[z]"], ["z"]],
    ["a\\b", ["a"], ["ab", "a\\b"]],
    ["..", [], ["a"]],
    ["../a", [], ["a"]],
    [".", [], ["a"]],
    ["/", [], ["a"]],
    ["a b ", ["a b"], ["a b "]],
    [" # a", ["# a"], ["a"]],
    // What regular expressions let through:
    ["x{2}*", ["xx", "xxy"], ["x{2}", "x{2}y"]],
    ["x{2}", ["x{2}"], ["xx"]],
    ["zz|b*", ["b", "aab", "zzz"], ["a", "zy"]],
    ["zz|b", ["zz|b"], ["b"]],
    ["^a*", ["a", "ab"], ["^a", "^ab"]],
    ["\\d*", ["1", "1a"], ["d", "a"]],
    ["[[:alpha:]]", ["a"], [":", "1"]],
    ["\\pL?", ["éa"], ["1a", "pL1"]],
    ["[*]", ["]", "[^]"], ["*", "a]"]],
    ["a.c*", ["a.c"], ["abc"]],
    ["a+*", ["a+"], ["aa"]],
  ])("%j", (pattern, ignored, kept) => {
    expect(ignored.filter((path) => !isIgnored(pattern, path))).toEqual([]);
    expect(kept.filter((path) => isIgnored(pattern, path))).toEqual([]);
  });

  it("the last pattern that matches decides, also below an ignored directory", () => {
    const text = "a\n!a/b\na/b/c\n!a/b/c/d\n";
    expect(["a", "a/x", "a/b/c", "a/b/c/x"].filter((path) => !isIgnored(text, path))).toEqual([]);
    expect(["a/b", "a/b/x", "a/b/c/d"].filter((path) => isIgnored(text, path))).toEqual([]);
  });

  it("white space, comments, carriage returns and a byte order mark are read as BuildKit reads them", () => {
    const lines = readIgnoreFile(
      new TextEncoder().encode("\ufeff# no\r\n\r\n  a \r\n! b\n!\u0085/c\u00a0\n\ufeffd\n # e"),
      "F",
    );
    expect(lines).toEqual([
      { pattern: "a", line: 3 },
      { pattern: "!b", line: 4 },
      { pattern: "!c", line: 5 },
      { pattern: "\ufeffd", line: 6 },
      { pattern: "# e", line: 7 },
    ]);
  });

  it("a byte that is no UTF-8 is one unknown character, in a name as in a pattern", () => {
    const matcher = matcherOf("?\n");
    expect(matcher.match("\xff" as ByteString, undefined).isIgnored).toBe(true);
    expect(matcher.match("\xe2\x82" as ByteString, undefined).isIgnored).toBe(false);
    expect(matcher.match("\xe2\x82\xac" as ByteString, undefined).isIgnored).toBe(true);
  });
});

describe("a file that BuildKit sends empty", () => {
  it("is one that is included between two patterns that ignore its directory", () => {
    const matcher = matcherOf("d\n!d/f\nd\n");
    expect(isIgnored("d\n!d/f\nd\n", "d/f")).toBe(false);
    expect(matcher.isRead("d/f" as ByteString)).toBe(false);
    expect(matcherOf("d\n!d/f\n").isRead("d/f" as ByteString)).toBe(true);
  });
});

describe("looking below an ignored directory", () => {
  it("is needed only where an ! may lead", () => {
    expect(matcherOf("*\n").mayInclude("a" as ByteString)).toBe(false);
    const matcher = matcherOf("*\n!a/b/**\n");
    expect(["a", "a/b", "b", "ab"].map((path) => matcher.mayInclude(path as ByteString))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(matcherOf("*\n!**/b\n").mayInclude("x" as ByteString)).toBe(true);
  });
});

describe("patterns that BuildKit refuses", () => {
  it.each(["[", "[]a]", "[a-]", "a\\", "a/[b", "!", "!/", "[^]"])("%j at once", (pattern) => {
    expect(() => matcherOf(`x\n${pattern}\n`)).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining("F:2") as string,
      }),
    );
  });

  it.each(["\\e", "\\1", "[b-a]", "*{2}", "\\pé", "\\p{None}*", "a{2000}*", "[[:no:]]"])(
    "%j when a path is matched with it",
    (pattern) => {
      const matcher = matcherOf(pattern);
      expect(() => matcher.match("a" as ByteString, undefined)).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
    },
  );

  it("not one that no path is ever matched with", () => {
    expect(isIgnored("!\\e\n", "a")).toBe(false);
  });

  it("a line of 65,536 bytes", () => {
    expect(matcherOf("a".repeat(65_535))).toBeDefined();
    expect(() => matcherOf("a".repeat(65_536))).toThrow(
      expect.objectContaining({ code: "limit-exceeded" }),
    );
  });
});

it("hostile patterns take no more steps than their length times the path's", () => {
  const path = fromText("a".repeat(3000));
  for (const pattern of [
    "*a".repeat(40),
    "**/a".repeat(200),
    "[^b]{1000}".repeat(3),
    "?".repeat(5000),
  ]) {
    expect(matcherOf(`${pattern}b*c\n`).match(path, undefined).isIgnored).toBe(false);
  }
  const unended = "[[:".repeat(20_000);
  expect(() => matcherOf(unended)).toThrow();
});

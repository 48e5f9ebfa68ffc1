// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatErrorBody, formatWireErrors, parseErrorBody } from "./error-body.ts";
import { formatNextLink, parseNextLink } from "./link.ts";
import { formatScope, parseTokenAnswer } from "./token.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("an error answer", () => {
  it("is parsed back as it was written", () => {
    const errors = parseErrorBody(encode(formatErrorBody("DENIED", "not you")));
    expect(formatWireErrors(errors)).toBe("DENIED: not you");
  });
  it("can't send control characters to a terminal, and has a limited size", () => {
    const errors = Array.from({ length: 99 }, () => ({
      code: "A\u001b[31m",
      message: `\u202e${"m".repeat(9_999)}`,
    }));
    const parsed = parseErrorBody(encode(JSON.stringify({ errors })));
    expect(parsed).toHaveLength(10);
    expect(parsed[0]?.code).toBe("A\\x1b[31m");
    expect(parsed[0]?.message.startsWith("\\u202emmm")).toBe(true);
    expect(parsed[0]?.message.length).toBeLessThan(500);
  });
  it("of any other form gives no entries", () => {
    for (const text of ["", "<html>", "null", "[]", '{"errors":{}}', '{"errors":[null,1,{}]}']) {
      expect(parseErrorBody(encode(text))).toEqual([]);
    }
    fc.assert(fc.property(fc.json(), (json) => void parseErrorBody(encode(json))));
  });
});

describe("a Link header", () => {
  it("names the next page among others", () => {
    expect(parseNextLink(formatNextLink("/v2/a/tags/list?last=b&n=2"))).toBe(
      "/v2/a/tags/list?last=b&n=2",
    );
    expect(parseNextLink('</x>; rel="prev", </y>; title=t; rel=next')).toBe("/y");
  });
  it.each([undefined, "", "</x>", '</x>; rel="prev"', 'x; rel="next"'])(
    "of %j names no next page",
    (header) => {
      expect(parseNextLink(header)).toBeUndefined();
    },
  );
});

describe("a token answer", () => {
  it("may call its token either token or access_token", () => {
    expect(parseTokenAnswer({ token: "a", access_token: "b" })?.token).toBe("a");
    expect(parseTokenAnswer({ access_token: "b" })?.token).toBe("b");
    expect(parseTokenAnswer({ token: "", access_token: "b" })?.token).toBe("b");
  });
  it.each([null, [], "token", {}, { token: 1 }, { token: "a\r\nx-evil: 1" }, { token: "" }])(
    "of %j has no usable token",
    (value) => {
      expect(parseTokenAnswer(value)).toBeUndefined();
    },
  );
  it.each([
    [undefined, 60],
    [0, 60],
    [-5, 60],
    [300, 300],
    [1e12, 3_600],
    ["300", 300],
    ["soon", 60],
  ])("that expires in %j counts for %d s", (expires_in, expected) => {
    expect(parseTokenAnswer({ token: "a", expires_in })?.expiresIn).toBe(expected);
  });
});

it("a scope names the repository and the actions requested", () => {
  expect(formatScope("a/b", "pull", "push")).toBe("repository:a/b:pull,push");
});

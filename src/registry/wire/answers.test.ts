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
  it.each([
    ['{"errors":[{"code":"A","message":"b","detail":"layer 3"}]}', "A: b (layer 3)"],
    ['{"errors":[{"code":"A","message":"b","detail":{"Tag":"v1","n":2}}]}', "A: b (Tag=v1 n=2)"],
    ['{"errors":[{"code":"A","message":"b","detail":[{"x":1}]}]}', 'A: b ([{"x":1}])'],
    ['{"errors":[{"code":"A","message":"b","detail":"b"}]}', "A: b"],
    ['{"errors":[{"status":403,"message":"blocked by Xray"}]}', "blocked by Xray"],
    ['{"errors":["one","two"]}', "one; two"],
    ['{"errors":{"code":"X"}}', "X"],
    ['{"message":"The package does not exist"}', "The package does not exist"],
    ['{"error":"not here"}', "not here"],
    ['{"error":{"code":"A","message":"b"}}', "A: b"],
    ['{"error":"invalid_grant","error_description":"no such user"}', "invalid_grant: no such user"],
    ['{"details":"incorrect username or password"}', "incorrect username or password"],
    ['{"type":"about:blank","title":"Forbidden","detail":"no quota left"}', "no quota left"],
    ['"only a text"', "only a text"],
    ["\ufefftoomanyrequests:\n limit is 100 ", "toomanyrequests: limit is 100"],
    [
      "<!DOCTYPE html><html><head><title>502</title><style>b{}</style><script>if(a<b){}</script></head>" +
        "<body><h1>Bad&nbsp;Gateway</h1>&lt;nginx&#62; &unknown;</body></html>",
      "502 Bad Gateway <nginx> &unknown;",
    ],
    ["", ""],
    ["null", ""],
    ["[]", ""],
    ["{}", ""],
    ['{"errors":[null,1,{}]}', ""],
  ])("in the registry's own words: %s", (text, words) => {
    expect(formatWireErrors(parseErrorBody(encode(text)))).toBe(words);
  });

  it("is read in its charset, and bytes that are none of UTF-8 as windows-1252", () => {
    const latin = Uint8Array.of(0x66, 0xfc, 0x72);
    expect(formatWireErrors(parseErrorBody(latin, "text/plain"))).toBe("für");
    expect(formatWireErrors(parseErrorBody(latin, "text/plain; charset=utf-8"))).toBe("f\ufffdr");
    expect(formatWireErrors(parseErrorBody(latin, "text/plain; charset=klingon"))).toBe("für");
    const utf16 = Uint8Array.from(Buffer.from("für", "utf16le"));
    expect(formatWireErrors(parseErrorBody(utf16, 'text/plain;charset="UTF-16LE"'))).toBe("für");
  });

  it("that is a large page is cut, and takes time in proportion to its length", () => {
    const page = `<html>${"<script>".repeat(100_000)}${"word ".repeat(1_000)}`;
    expect(parseErrorBody(encode(page))[0]?.message.length ?? 0).toBeLessThan(210);
    expect(parseErrorBody(encode("word ".repeat(1_000)))[0]?.message).toMatch(/^word .{190,200}…$/);
  });

  it("never makes the parser throw", () => {
    fc.assert(fc.property(fc.json(), (json) => void parseErrorBody(encode(json))));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseErrorBody(bytes)));
  });
});

describe("a Link header", () => {
  it("names the next page among others", () => {
    expect(parseNextLink(formatNextLink("/v2/a/tags/list?last=b&n=2"))).toBe(
      "/v2/a/tags/list?last=b&n=2",
    );
    expect(parseNextLink('</x>; rel="prev", </y>; title=t; rel=next')).toBe("/y");
  });
  it.each([
    ['</x>; rel="prev", </y>; rel="next last"', "/y"],
    ["</y>;REL=NeXt", "/y"],
    ["</y>; rel='next'", "/y"],
    ['</x>; title="a, b; rel=next"; rel="prev", </y>; foo; rel="ne\\xt"', "/y"],
    ['</x>; rel="prev"; rel="next", </a,b;c>; rel=next', "/a,b;c"],
    ['<?last=b>; rel="next"', "?last=b"],
    [' , ,</y>; type="application/json";; rel=next', "/y"],
  ])("%s names the next page", (header, target) => {
    expect(parseNextLink(header)).toBe(target);
  });
  it("never makes the parser throw, and is parsed in time proportional to its length", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseNextLink(text)));
    expect(parseNextLink(`</x>${';a="\\",'.repeat(100_000)}`)).toBeUndefined();
  });
  it.each([undefined, "", "</x>", '</x>; rel="prev"', 'x; rel="next"', '</x>; title="rel=next"'])(
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

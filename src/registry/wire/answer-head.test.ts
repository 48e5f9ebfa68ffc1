// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseAnswerHead } from "./answer-head.ts";

const head = (...lines: string[]): string => ["HTTP/1.1 200 OK", ...lines].join("\r\n");

describe("the head of a plain answer", () => {
  it("is read, its names in lower case and without the space around its values", () => {
    expect(parseAnswerHead(head("Content-Length:  12 ", 'ETag: "a"', "x: 1", "X: 2"))).toEqual({
      statusCode: 200,
      headers: { "content-length": "12", etag: '"a"', x: "1, 2" },
      length: 12,
    });
  });
  it("may have no reason, and may be part of the content", () => {
    const text = "HTTP/1.1 206\r\ncontent-length: 0";
    expect(parseAnswerHead(text)).toMatchObject({ statusCode: 206, length: 0 });
  });
});

describe("every other head is left to the parser for all of them", () => {
  const length = "content-length: 3";
  it.each([
    ["an older version", `HTTP/1.0 200 OK\r\n${length}`],
    ["another status", `HTTP/1.1 307 Go\r\n${length}`],
    ["an informational answer", "HTTP/1.1 103 Early Hints"],
    ["a refusal", `HTTP/1.1 401 No\r\n${length}`],
    ["no length", head("etag: 1")],
    ["two lengths", head(length, length)],
    ["two lengths in one", head("content-length: 3, 4")],
    ["a length with a sign", head("content-length: +3")],
    ["a length in hex", head("content-length: 0x3")],
    ["a length beyond all files", head("content-length: 9999999999999999")],
    ["a transfer coding", head(length, "transfer-encoding: chunked")],
    ["a content coding", head(length, "content-encoding: gzip")],
    ["a space before the colon", head("content-length : 3")],
    ["a continued line", head(length, "a: b", " c")],
    ["a bare line feed", head(length, "a: b\nc: d")],
    ["a zero byte", head(length, "a: \0")],
    ["a line without a colon", head(length, "nothing")],
    ["nothing", ""],
  ])("%s", (_, text) => {
    expect(parseAnswerHead(text)).toBeUndefined();
  });
  it("and no header is taken for a property of objects", () => {
    expect(parseAnswerHead(head("__proto__: 1"))).toBeUndefined();
    expect(parseAnswerHead(head(length, "constructor: 1"))?.length).toBe(3);
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseAnswerHead, type Framing } from "./answer-head.ts";

const head = (...lines: string[]): string => ["HTTP/1.1 200 OK", ...lines].join("\r\n");

describe("the head of an answer", () => {
  it("is read, its names in lower case and without the space around its values", () => {
    const text = head("Content-Length:  12 ", 'ETag: "a"', "x: 1", "X: 2");
    expect(parseAnswerHead(text, "GET")).toEqual({
      statusCode: 200,
      headers: { "content-length": "12", etag: '"a"', x: "1, 2" },
      framing: 12,
      isLasting: true,
    });
  });
  it("may have no reason", () => {
    expect(parseAnswerHead("HTTP/1.1 206\r\ncontent-length: 0", "GET")?.statusCode).toBe(206);
  });
  it.each<[string, string, Framing, boolean]>([
    ["a length", head("content-length: 3"), 3, true],
    ["chunks", head("Transfer-Encoding: Chunked"), "chunked", true],
    ["neither", head("etag: 1"), "until-close", false],
    ["a length in HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 3", 3, false],
    ["a connection that ends", head("content-length: 3", "connection: a , Close"), 3, false],
    ["a connection that stays", head("content-length: 3", "connection: keep-alive"), 3, true],
    ["status 204", "HTTP/1.1 204 No\r\ncontent-length: 3", 0, true],
    ["status 304", "HTTP/1.1 304 Not Modified\r\ncontent-length: 3", 0, true],
    ["an informational answer", "HTTP/1.1 103 Early Hints", 0, true],
  ])("says where its body ends: %s", (_, text, framing, isLasting) => {
    expect(parseAnswerHead(text, "GET")).toMatchObject({ framing, isLasting });
  });
  it("to a HEAD has a length and no body", () => {
    const text = head("content-length: 12");
    expect(parseAnswerHead(text, "HEAD")).toMatchObject({ framing: 0, isLasting: true });
  });
});

describe("what can be read in two ways is left to the parser for everything", () => {
  const length = "content-length: 3";
  it.each([
    ["another version", `HTTP/2 200 OK\r\n${length}`],
    ["a status of four digits", `HTTP/1.1 2000 OK\r\n${length}`],
    ["a status that there is not", `HTTP/1.1 600 OK\r\n${length}`],
    ["another protocol", "HTTP/1.1 101 Switching Protocols"],
    ["two lengths", head(length, length)],
    ["two lengths in one", head("content-length: 3, 4")],
    ["a length with a sign", head("content-length: +3")],
    ["a length in hex", head("content-length: 0x3")],
    ["a length beyond all files", head("content-length: 9999999999999999")],
    ["an empty length", head("content-length:")],
    ["a length and chunks", head(length, "transfer-encoding: chunked")],
    ["another transfer coding", head("transfer-encoding: gzip, chunked")],
    ["chunks twice", head("transfer-encoding: chunked", "transfer-encoding: chunked")],
    ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked"],
    ["a space before the colon", head("content-length : 3")],
    ["a continued line", head(length, "a: b", " c")],
    ["a bare line feed", head(length, "a: b\nc: d")],
    ["a zero byte", head(length, "a: \0")],
    ["a line without a colon", head(length, "nothing")],
    ["nothing", ""],
  ])("%s", (_, text) => {
    expect(parseAnswerHead(text, "GET")).toBeUndefined();
  });
  it("and no header is taken for a property of objects", () => {
    const { headers } = parseAnswerHead(head(length, "constructor: 1", "__proto__: 2"), "GET")!;
    expect(Object.entries(headers).slice(1)).toEqual([
      ["constructor", "1"],
      ["__proto__", "2"],
    ]);
    const plain = parseAnswerHead(head(length, "a: 1"), "GET")?.headers ?? {};
    expect("toString" in plain).toBe(false);
  });
});

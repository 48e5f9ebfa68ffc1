// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOciError } from "./errors.ts";
import { formatJson, parseJson } from "./json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => parseJson(bytes(text));
const invalid = expect.objectContaining({ code: "invalid-json" }) as Error;
const overLimit = expect.objectContaining({ code: "limit-exceeded" }) as Error;

describe("parseJson", () => {
  it.each([
    "null",
    '"x"',
    " [ ] ",
    "-0.5e-3",
    "9007199254740991",
    '{"a":[{"a":1},{"a":2}],"b":{"a":"a"}}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '["a","a"]',
    '{"a\\\\":1,"a":2}',
    '"\\u2028\ud83d\ude00"',
    "123456789012345.5",
    '{"constructor":1,"toString":2}',
  ])("reads %s as JSON.parse does", (text) => expect(parse(text)).toEqual(JSON.parse(text)));

  it.each([
    ["a duplicate key", '{"a":1,"a":2}'],
    ["a duplicate key below", '[{"x":{"a":1,"b":{"a":2},"a":3}}]'],
    ["a duplicate key spelt with an escape", '{"a":1,"\\u0061":2}'],
    ["a duplicate empty key", '{"":1,"":2}'],
    ["__proto__ as a key", '{"__proto__":{"polluted":true}}'],
    ["__proto__ spelt with an escape", '{"\\u005f_proto__":1}'],
    ["trailing JSON", '{"a":1}{"a":1}'],
    ["trailing text", "{} x"],
    ["a trailing NUL", "{}\0"],
    ["nothing", ""],
    ["blanks alone", " \n"],
    ["a comment", "{} // x"],
    ["a trailing comma", '{"a":1,}'],
    ["an unclosed object", '{"a":1'],
    ["an unclosed string", '"abc'],
    ["a backslash at the end", '"abc\\'],
    ["a wrong escape in a key", '{"\\x":1}'],
    ["a control character in a string", '"a\nb"'],
    ["closing brackets alone", "]}"],
    ["NaN", "NaN"],
    ["a number that is none", "1e5e5.5.5.5.5.5.5.5"],
    ["2^53", "9007199254740992"],
    ["an integer that would change", "[9007199254740993]"],
    ["a negative integer beyond 2^53", "-9007199254740993"],
    ["an integer with an exponent beyond 2^53", "1e300"],
    ["a number beyond all numbers", "1e999"],
    ["a million digits", "9".repeat(1_000_000)],
  ])("refuses %s", (_name, text) => expect(() => parse(text)).toThrow(invalid));

  it("refuses a byte order mark, of UTF-8 and of UTF-16", () => {
    expect(() => parseJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d))).toThrow(/byte order mark/);
    expect(() => parseJson(Uint8Array.of(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00))).toThrow(invalid);
  });

  it.each([[[0xff]], [[0xc0, 0xaf]], [[0xed, 0xa0, 0x80]], [[0xe2, 0x82]]])(
    "refuses bytes that are not UTF-8: %j",
    (wrong) => {
      expect(() => parseJson(Uint8Array.of(0x22, ...wrong, 0x22))).toThrow(/expected UTF-8/);
    },
  );

  it("refuses 100,000 levels of nesting, and applies the limit exactly", () => {
    expect(() => parse("[".repeat(100_000) + "]".repeat(100_000))).toThrow(overLimit);
    expect(() => parse('{"a":'.repeat(100_000))).toThrow(overLimit);
    const limits = { jsonDepth: 2 };
    expect(parseJson(bytes("[[],{}]"), { limits })).toEqual([[], {}]);
    expect(() => parseJson(bytes("[[{}]]"), { limits })).toThrow(overLimit);
  });

  it("refuses more bytes than the limit before it looks at them", () => {
    const limits = { documentBytes: 3 };
    expect(parseJson(bytes("[1]"), { limits })).toEqual([1]);
    expect(() => parseJson(bytes("not JSON"), { limits })).toThrow(overLimit);
  });

  it("says what was read, what it got and where", () => {
    expect(() => parseJson(bytes('{"a":1,"a":2}'), { what: "index.json" })).toThrow(
      /^index\.json: expected each key once, got "a" again at character 7$/,
    );
  });

  it("never shows foreign control characters", () => {
    const text = '\u001b[2J\u009b"x"';
    expect(() => parse(text)).toThrow(/^[^\p{Cc}]*$/u);
  });

  it("reads every JSON value that is written without a duplicate key as JSON.parse does", () => {
    const exact = fc
      .jsonValue()
      .filter((value) => !/__proto__|\d{16}|e\+/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(exact, (value) => {
        const text = JSON.stringify(value);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("throws nothing but OciError, whatever the bytes, and accepts only what JSON.parse accepts", () => {
    const token = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "\\",
      '"a"',
      '"\\u0061"',
      "1",
      "-",
      "e9",
      " ",
      "null",
    );
    const text = fc.array(token, { maxLength: 12 }).map((tokens) => bytes(tokens.join("")));
    fc.assert(
      fc.property(fc.oneof(text, fc.uint8Array()), (input) => {
        try {
          const value = parseJson(input);
          expect(value).toEqual(JSON.parse(new TextDecoder().decode(input)));
        } catch (error) {
          if (!isOciError(error, "invalid-json", "limit-exceeded")) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("finds every duplicate key in any object", () => {
    const keys = fc.uniqueArray(
      fc.string().filter((key) => key !== "__proto__"),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(keys, fc.nat(), (names, pick) => {
        const members = names.map((name) => `${JSON.stringify(name)}:[{"x":1},"\\\\"]`);
        expect(Object.keys(parse(`{${members.join()}}`) as object)).toHaveLength(names.length);
        const again = [...members, members[pick % members.length]];
        expect(() => parse(`{${again.join()}}`)).toThrow(/each key once/);
      }),
    );
  });
});

describe("formatJson", () => {
  it("writes compact UTF-8 in the order of insertion, without undefined values", () => {
    const text = new TextDecoder().decode(formatJson({ b: 1, a: ["\u00e9"], c: undefined }));
    expect(text).toBe('{"b":1,"a":["\u00e9"]}');
  });

  it("refuses a value that JSON can't hold", () => {
    expect(() => formatJson(undefined)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});

// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { expect, it, describe } from "vitest";
import {
  compareByteStrings,
  decodeText,
  escapeText,
  fromBytes,
  fromBytesAnywhere,
  fromText,
  toBytes,
  toText,
} from "./byte-string.ts";

describe("byte strings", () => {
  it("keep every byte exactly, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (bytes) => {
        expect(toBytes(fromBytes(bytes))).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });

  it("keep the bytes 0x80 to 0x9f, which windows-1252 would change", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
    const name = fromBytes(bytes);
    for (let at = 0; at < 256; at += 1) expect(name.charCodeAt(at)).toBe(at);
  });

  it("hold names that are longer than the number of arguments a call can take", () => {
    const bytes = new Uint8Array(1_000_000).fill(0x61);
    expect(fromBytes(bytes)).toHaveLength(1_000_000);
  });

  it("are the same with and without Node", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), fc.nat(100), (bytes, start) => {
        const from = Math.min(start, bytes.length);
        const expected = fromBytesAnywhere(bytes, from, bytes.length);
        expect(fromBytes(bytes, from)).toBe(expected);
      }),
    );
  });

  it("take a part of a buffer", () => {
    expect(fromBytes(Uint8Array.of(97, 98, 99, 100), 1, 3)).toBe("bc");
  });

  it("give every text back that they were made from", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(decodeText(fromText(text))).toBe(text);
      }),
    );
  });

  it("keep a byte order mark that is part of a name", () => {
    expect(decodeText(fromText("\ufeffname"))).toBe("\ufeffname");
  });

  it("are not decoded to text when they are not UTF-8", () => {
    expect(decodeText(fromBytes(Uint8Array.of(0x61, 0xe9)))).toBeUndefined();
    expect(decodeText(fromBytes(Uint8Array.of(0xc0, 0xaf)))).toBeUndefined();
  });

  it("are ordered by their bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(compareByteStrings(fromBytes(a), fromBytes(b))).toBe(Buffer.compare(a, b));
      }),
    );
  });
});

describe("text for people", () => {
  it("holds nothing that moves the cursor, starts a line or changes the direction of writing", () => {
    expect(toText(fromText("a\u001b[2Jb\nc\td\u202ee\u2028f\\g"))).toBe(
      "a\\x1b[2Jb\\nc\\td\\u202ee\\u2028f\\\\g",
    );
    expect(escapeText("\u009b\u200f")).toBe("\\x9b\\u200f");
  });

  it("shows UTF-8 as it is, and other bytes as escapes", () => {
    expect(toText(fromText("größe/日本"))).toBe("größe/日本");
    expect(toText(fromBytes(Uint8Array.of(0x61, 0xff, 0x0a, 0x5c)))).toBe("a\\xff\\n\\\\");
  });

  it("is different for any two names that are UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        expect(toText(fromText(a)) === toText(fromText(b))).toBe(a === b);
      }),
    );
  });
});

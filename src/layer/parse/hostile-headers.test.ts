// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { toBytes, type ByteString } from "../../bytes/byte-string.ts";
import type { ErrorCode } from "../../oci/errors.ts";
import { listLayer, refusalOf } from "../../testing/list-layer.ts";
import {
  base256,
  gnuLongName,
  joinBytes,
  paxHeader,
  paxRecord,
  rawEntry,
  rawHeader,
  rawTar,
} from "../../testing/raw-tar.ts";

const bytes = (text: string): Uint8Array => toBytes(text as ByteString);

function expectRefused(tar: Uint8Array, message: RegExp, code: ErrorCode = "invalid-layer"): void {
  const error = refusalOf(tar);
  expect(error.message).toMatch(message);
  expect(error.code).toBe(code);
  // one byte at a time must end the same
  expect(refusalOf(tar, { chunks: [1] }).message).toBe(error.message);
}

const pathsOf = (tar: Uint8Array): string[] => listLayer(tar).map(({ entry }) => entry.path);

describe("names in headers", () => {
  it.each(["path", "linkpath", "uname", "gname"])("are refused with a NUL in PAX %s", (key) => {
    const tar = rawTar(paxHeader({ [key]: "etc/pass\0wd" }), rawEntry({ name: "x" }));
    expectRefused(tar, new RegExp(`${key}: expected a name without NUL`));
  });

  it("are refused with a NUL inside a GNU long name", () => {
    expectRefused(rawTar(gnuLongName("L", "a\0b"), rawEntry({ name: "x" })), /NUL in the name/);
  });

  it("end at the first NUL of a header field, as in C", () => {
    expect(pathsOf(rawTar(rawEntry({ name: "a\0garbage" })))).toEqual(["a"]);
  });

  it("are refused when a path or link target is above the limit", () => {
    const long = "x".repeat(65_537);
    const tar = rawTar(paxHeader({ path: long }), rawEntry({ name: "x" }));
    expectRefused(tar, /expected at most 65536 bytes of the path, got 65537/, "limit-exceeded");
    const link = rawTar(gnuLongName("K", long), rawEntry({ name: "x", typeFlag: "2" }));
    expectRefused(link, /bytes of the link target/, "limit-exceeded");
  });

  it("stay text when they look like numbers (GHSA-w8wr-v893-vjvp)", () => {
    const tar = rawTar(paxHeader({ path: "12345" }), rawEntry({ name: "x" }));
    expect(pathsOf(tar)).toEqual(["12345"]);
  });

  it("are those of the header when the PAX path is empty", () => {
    expect(pathsOf(rawTar(paxHeader({ path: "" }), rawEntry({ name: "x" })))).toEqual(["x"]);
  });

  it("never reach the prototype of an object as PAX keywords", () => {
    const records = paxHeader(
      joinBytes(
        paxRecord("__proto__", "a"),
        paxRecord("constructor", "b"),
        paxRecord("toString", "c"),
      ),
    );
    const [listed] = listLayer(rawTar(records, rawEntry({ name: "x" })));
    expect([...listed!.entry.extensions]).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
      ["toString", "c"],
    ]);
    expect(Object.getPrototypeOf(listed!.entry)).toBe(Object.prototype);
  });

  it("are escaped in messages", () => {
    const tar = rawTar(rawEntry({ name: "a\u001b[2Jb", size: 5 }, "xx"));
    expect(refusalOf(tar.subarray(0, 514)).message).toContain(String.raw`"a\x1b[2Jb"`);
  });
});

describe("types of entries", () => {
  it.each(["A", "D", "E", "I", "M", "N", "V", "Z", "8", "s", "\xff"])(
    "that no layer has are refused: %j",
    (type) => {
      const tar = rawTar(rawEntry({ name: "x", typeFlag: bytes(type) }));
      expectRefused(tar, /type: expected one of 0 to 7/);
      expect(refusalOf(tar).message).toContain(JSON.stringify(type));
    },
  );

  it("may be a contiguous file, which is read as a file", () => {
    const [listed] = listLayer(rawTar(rawEntry({ name: "x", typeFlag: "7" }, "content")));
    expect(listed).toMatchObject({ entry: { type: "file" }, content: "content" });
  });
});

describe("numbers in headers", () => {
  it.each([
    ["negative", base256(-1, 12), /size: expected 0 or more, got -1/],
    ["of 2^63 - 1", base256(2n ** 63n - 1n, 12), /size: expected an octal number/],
    ["that is no octal number", "0000000009x", /size: expected an octal number/],
    ["with something behind the number", "17 x", /size: expected an octal number/],
  ])("are refused for a size %s (GHSA-8x88-c5mf-7j5w)", (_, size, message) => {
    expectRefused(rawTar(rawEntry({ name: "x", size })), message);
  });

  it.each(["-1", "0x10", "1e3", "", " 1", "9007199254740992", "99999999999999999999"])(
    "are refused for the PAX size %j; an empty one is ignored",
    (size) => {
      const tar = rawTar(paxHeader({ size }), rawEntry({ name: "x" }));
      if (size === "") expect(pathsOf(tar)).toEqual(["x"]);
      else expectRefused(tar, /size: expected a decimal number/);
    },
  );

  it.each(["uid", "gid"] as const)(
    "are refused for a %s that is negative or above 32 bits",
    (key) => {
      expectRefused(rawTar(rawEntry({ name: "x", [key]: base256(-2, 8) })), /from 0 to 4294967295/);
      const tooLarge = rawTar(paxHeader({ [key]: "4294967296" }), rawEntry({ name: "x" }));
      expectRefused(tooLarge, /from 0 to 4294967295, got 4294967296/);
      const largest = rawTar(paxHeader({ [key]: "4294967295" }), rawEntry({ name: "x" }));
      expect(listLayer(largest)[0]?.entry[key]).toBe(4_294_967_295);
    },
  );

  it.each(["NaN", "1e308", "Infinity", "1.2.3", "--1", "", ".5", "99999999999999999"])(
    "are refused for the PAX mtime %j; an empty one is ignored",
    (mtime) => {
      const tar = rawTar(paxHeader({ mtime }), rawEntry({ name: "x", mtime: 7 }));
      if (mtime === "") expect(listLayer(tar)[0]?.entry.mtime).toBe(7);
      else expectRefused(tar, /mtime: expected decimal seconds/);
    },
  );
});

describe("extended attributes in headers", () => {
  it("may have a value of 1 MiB", () => {
    const value = new Uint8Array(1024 * 1024).fill(0xc3);
    const tar = rawTar(paxHeader({ "SCHILY.xattr.user.big": value }), rawEntry({ name: "x" }));
    const [listed] = listLayer(tar, { chunks: [65_536] });
    expect(listed!.entry.xattrs.get("user.big" as ByteString)?.length).toBe(value.length);
  });

  it("are refused with an empty name, or a NUL in it", () => {
    const nul = rawTar(paxHeader({ "SCHILY.xattr.user.\0": "v" }), rawEntry({ name: "x" }));
    expectRefused(nul, /PAX record/);
    const escaped = rawTar(
      paxHeader({ "LIBARCHIVE.xattr.user.%00": "dg==" }),
      rawEntry({ name: "x" }),
    );
    expectRefused(escaped, /extended attribute: expected a name without NUL/);
    const none = rawTar(paxHeader({ "SCHILY.xattr.": "v" }), rawEntry({ name: "x" }));
    expectRefused(none, /extended attribute: expected a name/);
  });

  it("are refused in libarchive's form when the value is not base64", () => {
    const tar = rawTar(paxHeader({ "LIBARCHIVE.xattr.user.a": "%%%" }), rawEntry({ name: "x" }));
    expectRefused(tar, /expected base64/);
  });
});

describe("two headers that disagree", () => {
  const inner = rawEntry({ name: "smuggled" }, "inner");

  it("with a PAX size above the header's have the PAX size (TARmageddon, CVE-2025-62518)", () => {
    const tar = rawTar(
      paxHeader({ size: inner.length.toString() }),
      rawEntry({ name: "outer", size: 0 }, inner),
    );
    expect(pathsOf(tar)).toEqual(["outer"]);
  });

  it("with a PAX size below the header's have the PAX size", () => {
    const tar = rawTar(paxHeader({ size: "0" }), rawEntry({ name: "outer", size: 1024 }), inner);
    expect(pathsOf(tar)).toEqual(["outer", "smuggled"]);
  });

  it("with a PAX size before a long name have that size for the entry only (GHSA-vmf3-w455-68vh)", () => {
    const long = "n".repeat(600);
    const tar = rawTar(
      paxHeader({ size: "3" }),
      gnuLongName("L", long),
      rawEntry({ name: "x", size: 0 }, "abc"),
      rawEntry({ name: "y" }),
    );
    expect(pathsOf(tar)).toEqual([long, "y"]);
  });

  it("are refused when they are of one kind", () => {
    const entry = rawEntry({ name: "x" });
    const pax = paxHeader({ path: "a" });
    expectRefused(rawTar(pax, pax, entry), /extended header x: expected one for an entry, got two/);
    const long = gnuLongName("L", "a");
    expectRefused(rawTar(long, long, entry), /extended header L: expected one/);
    const link = gnuLongName("K", "a");
    expectRefused(rawTar(link, link, entry), /extended header K: expected one/);
  });

  it("are refused when a global one stands between an extended one and its entry", () => {
    const tar = rawTar(
      paxHeader({ path: "a" }),
      paxHeader({ uid: "1" }, "g"),
      rawEntry({ name: "x" }),
    );
    expectRefused(tar, /global header: expected it before/);
  });

  it("may be a GNU long name and an equal PAX path, but not a different one", () => {
    const entry = rawEntry({ name: "x" });
    const tar = rawTar(gnuLongName("L", "a"), paxHeader({ path: "b" }), entry);
    expectRefused(tar, /path: expected the same in GNU and PAX headers/);
    expect(pathsOf(rawTar(gnuLongName("L", "a"), paxHeader({ path: "a" }), entry))).toEqual(["a"]);
  });

  it.each(["path", "linkpath", "size", "GNU.sparse.map"])(
    "can't be made with a global %s, which is refused",
    (key) => {
      const tar = rawTar(paxHeader({ [key]: "1" }, "g"), rawEntry({ name: "x" }));
      expectRefused(tar, /global header: expected no record of one file/);
    },
  );

  it("are refused when no entry follows", () => {
    expectRefused(
      rawTar(paxHeader({ path: "a" })),
      /the entry that an extended header is for/,
      "truncated",
    );
    expectRefused(gnuLongName("L", "a"), /the entry that an extended header is for/, "truncated");
  });
});

describe("PAX records in headers", () => {
  it.each([
    ["too short", "5 path=abc\n"],
    ["too long", "99 path=abc\n"],
    ["zero", "0 path=abc\n"],
    ["not a number", "x2 path=abc\n"],
    ["of too many digits", "00000000011 a=b\n"],
    ["missing", " path=abc\n"],
    ["all there is", "12"],
    ["of a record without an equals sign", "8 patha\n"],
    ["of a record without a keyword", "5 =b\n"],
    ["of a record without a newline", "10 path=ab"],
    ["negative", "-11 path=a\n"],
  ])("are refused with a length that is %s", (_, record) => {
    expectRefused(
      rawTar(paxHeader(bytes(record)), rawEntry({ name: "x" })),
      /PAX record at byte 0/,
    );
  });

  it("may have newlines, equals signs and NULs in their values", () => {
    const tar = rawTar(paxHeader({ "VENDOR.x": "a=\n\0=b" }), rawEntry({ name: "x" }));
    expect([...listLayer(tar)[0]!.entry.extensions]).toEqual([["VENDOR.x", "a=\n\0=b"]]);
  });

  it("are limited before one entry (CVE-2022-2879)", () => {
    const header = rawHeader({ name: "PaxHeader", typeFlag: "x", size: base256(2 ** 40, 12) });
    expectRefused(
      rawTar(header),
      /expected at most 4194304 bytes of extended headers/,
      "limit-exceeded",
    );
    const several = rawTar(gnuLongName("L", "a"), gnuLongName("K", "b"), rawEntry({ name: "x" }));
    expect(refusalOf(several, { limits: { extendedHeaderBytes: 3 } }).code).toBe("limit-exceeded");
    expect(listLayer(several, { limits: { extendedHeaderBytes: 4 } })).toHaveLength(1);
  });

  it("are limited in global headers, since they apply to every entry", () => {
    const globals = Array.from({ length: 20 }, (_, index) =>
      joinBytes(paxHeader({ [`k${index}`]: "x".repeat(1000) }, "g"), rawEntry({ name: "x" })),
    );
    expectRefused(
      rawTar(...globals),
      /expected at most 16384 bytes of global headers/,
      "limit-exceeded",
    );
  });

  it("may be thousands in one header", () => {
    const records = Array.from({ length: 20_000 }, (_, index) => paxRecord(`k${index}`, "v"));
    const tar = rawTar(paxHeader(joinBytes(...records)), rawEntry({ name: "x" }));
    expect(listLayer(tar, { chunks: [65_536] })[0]?.entry.extensions.size).toBe(20_000);
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { toBytes, type ByteString } from "../bytes/byte-string.ts";
import { isOciError, type ErrorCode, type OciError } from "../oci/errors.ts";
import { listLayer, type ListLayerOptions } from "../testing/list-layer.ts";
import {
  base256,
  END_OF_TAR,
  GNU_MAGIC,
  gnuLongName,
  joinBytes,
  paxHeader,
  paxRecord,
  rawEntry,
  rawHeader,
  rawTar,
} from "../testing/raw-tar.ts";

const bytes = (text: string): Uint8Array => toBytes(text as ByteString);

function failure(tar: Uint8Array, options?: ListLayerOptions): OciError {
  try {
    listLayer(tar, options);
  } catch (error) {
    if (isOciError(error)) return error;
    throw error;
  }
  throw new Error("expected the layer to be refused, and it was read");
}

function expectRefused(tar: Uint8Array, message: RegExp, code: ErrorCode = "invalid-layer"): void {
  const error = failure(tar);
  expect(error.message).toMatch(message);
  expect(error.code).toBe(code);
  // one byte at a time must end the same
  expect(failure(tar, { chunks: [1] }).message).toBe(error.message);
}

const pathsOf = (tar: Uint8Array): string[] => listLayer(tar).map(({ entry }) => entry.path);

describe("names (peers 28, 34)", () => {
  it.each(["path", "linkpath", "uname", "gname"])("refuses a NUL in PAX %s", (key) => {
    const tar = rawTar(paxHeader({ [key]: "etc/pass\0wd" }), rawEntry({ name: "x" }));
    expectRefused(tar, new RegExp(`${key}: expected a name without NUL`));
  });

  it("refuses a NUL inside a GNU long name", () => {
    expectRefused(rawTar(gnuLongName("L", "a\0b"), rawEntry({ name: "x" })), /NUL in the name/);
  });

  it("ends a name of a header field at its first NUL, as C does", () => {
    expect(pathsOf(rawTar(rawEntry({ name: "a\0garbage" })))).toEqual(["a"]);
  });

  it("refuses paths and link targets beyond the limit", () => {
    const long = "x".repeat(65_537);
    const tar = rawTar(paxHeader({ path: long }), rawEntry({ name: "x" }));
    expectRefused(tar, /bytes of the path: expected at most 65536, got 65537/, "limit-exceeded");
    const link = rawTar(gnuLongName("K", long), rawEntry({ name: "x", typeFlag: "2" }));
    expectRefused(link, /bytes of the link target/, "limit-exceeded");
  });

  it("keeps a numeric path a text (GHSA-w8wr-v893-vjvp)", () => {
    const tar = rawTar(paxHeader({ path: "12345" }), rawEntry({ name: "x" }));
    expect(pathsOf(tar)).toEqual(["12345"]);
  });

  it("takes an empty PAX path for none", () => {
    expect(pathsOf(rawTar(paxHeader({ path: "" }), rawEntry({ name: "x" })))).toEqual(["x"]);
  });

  it("lets no PAX keyword reach a prototype", () => {
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

  it("escapes a name in its messages", () => {
    const tar = rawTar(rawEntry({ name: "a\u001b[2Jb", size: 5 }, "xx"));
    expect(failure(tar.subarray(0, 514)).message).toContain(String.raw`"a\x1b[2Jb"`);
  });
});

describe("types (peer 46)", () => {
  it.each(["A", "D", "E", "I", "M", "N", "V", "Z", "8", "s", "\xff"])(
    "refuses the type %j and names it",
    (type) => {
      const tar = rawTar(rawEntry({ name: "x", typeFlag: bytes(type) }));
      expectRefused(tar, /type: expected one of 0 to 7/);
      expect(failure(tar).message).toContain(JSON.stringify(type));
    },
  );

  it("reads a contiguous file as a file", () => {
    const [listed] = listLayer(rawTar(rawEntry({ name: "x", typeFlag: "7" }, "content")));
    expect(listed).toMatchObject({ entry: { type: "file" }, content: "content" });
  });
});

describe("numbers (peers 48, 49, 57)", () => {
  it.each([
    ["negative", base256(-1, 12), /size: expected 0 or more, got -1/],
    ["of 2^63 - 1", base256(2n ** 63n - 1n, 12), /size: expected an octal number/],
    ["that is no octal number", "0000000009x", /size: expected an octal number/],
    ["with something behind the number", "17 x", /size: expected an octal number/],
  ])("refuses a size %s (GHSA-8x88-c5mf-7j5w)", (_, size, message) => {
    expectRefused(rawTar(rawEntry({ name: "x", size })), message);
  });

  it.each(["-1", "0x10", "1e3", "", " 1", "9007199254740992", "99999999999999999999"])(
    "refuses the PAX size %j, or takes an empty one for none",
    (size) => {
      const tar = rawTar(paxHeader({ size }), rawEntry({ name: "x" }));
      if (size === "") expect(pathsOf(tar)).toEqual(["x"]);
      else expectRefused(tar, /size: expected a decimal number/);
    },
  );

  it.each(["uid", "gid"] as const)("refuses a %s that is negative or above 32 bits", (key) => {
    expectRefused(rawTar(rawEntry({ name: "x", [key]: base256(-2, 8) })), /from 0 to 4294967295/);
    const tooLarge = rawTar(paxHeader({ [key]: "4294967296" }), rawEntry({ name: "x" }));
    expectRefused(tooLarge, /from 0 to 4294967295, got 4294967296/);
    const largest = rawTar(paxHeader({ [key]: "4294967295" }), rawEntry({ name: "x" }));
    expect(listLayer(largest)[0]?.entry[key]).toBe(4_294_967_295);
  });

  it.each(["NaN", "1e308", "Infinity", "1.2.3", "--1", "", ".5", "99999999999999999"])(
    "refuses the PAX mtime %j, or takes an empty one for none",
    (mtime) => {
      const tar = rawTar(paxHeader({ mtime }), rawEntry({ name: "x", mtime: 7 }));
      if (mtime === "") expect(listLayer(tar)[0]?.entry.mtime).toBe(7);
      else expectRefused(tar, /mtime: expected decimal seconds/);
    },
  );
});

describe("extended attributes (peer 50)", () => {
  it("keeps a value of 1 MiB", () => {
    const value = new Uint8Array(1024 * 1024).fill(0xc3);
    const tar = rawTar(paxHeader({ "SCHILY.xattr.user.big": value }), rawEntry({ name: "x" }));
    const [listed] = listLayer(tar, { chunks: [65_536] });
    expect(listed!.entry.xattrs.get("user.big" as ByteString)?.length).toBe(value.length);
  });

  it("refuses a name with NUL, and no name", () => {
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

  it("refuses a value that is not base64 where libarchive writes that", () => {
    const tar = rawTar(paxHeader({ "LIBARCHIVE.xattr.user.a": "%%%" }), rawEntry({ name: "x" }));
    expectRefused(tar, /expected base64/);
  });
});

describe("two headers that disagree (peers 54, 55, 56)", () => {
  const inner = rawEntry({ name: "smuggled" }, "inner");

  it("lets the PAX size win over a smaller one in the header (TARmageddon, CVE-2025-62518)", () => {
    const tar = rawTar(
      paxHeader({ size: inner.length.toString() }),
      rawEntry({ name: "outer", size: 0 }, inner),
    );
    expect(pathsOf(tar)).toEqual(["outer"]);
  });

  it("lets the PAX size win over a larger one in the header", () => {
    const tar = rawTar(paxHeader({ size: "0" }), rawEntry({ name: "outer", size: 1024 }), inner);
    expect(pathsOf(tar)).toEqual(["outer", "smuggled"]);
  });

  it("applies a PAX size to the entry only, never to a long name before it (GHSA-vmf3-w455-68vh)", () => {
    const long = "n".repeat(600);
    const tar = rawTar(
      paxHeader({ size: "3" }),
      gnuLongName("L", long),
      rawEntry({ name: "x", size: 0 }, "abc"),
      rawEntry({ name: "y" }),
    );
    expect(pathsOf(tar)).toEqual([long, "y"]);
  });

  it("refuses two extended headers of one kind for one entry", () => {
    const entry = rawEntry({ name: "x" });
    const pax = paxHeader({ path: "a" });
    expectRefused(rawTar(pax, pax, entry), /extended header x: expected one for an entry, got two/);
    const long = gnuLongName("L", "a");
    expectRefused(rawTar(long, long, entry), /extended header L: expected one/);
    const link = gnuLongName("K", "a");
    expectRefused(rawTar(link, link, entry), /extended header K: expected one/);
  });

  it("refuses a global header between an extended header and its entry", () => {
    const tar = rawTar(
      paxHeader({ path: "a" }),
      paxHeader({ uid: "1" }, "g"),
      rawEntry({ name: "x" }),
    );
    expectRefused(tar, /global header: expected it before/);
  });

  it("refuses a GNU long name and a PAX path that differ, and takes equal ones", () => {
    const entry = rawEntry({ name: "x" });
    const tar = rawTar(gnuLongName("L", "a"), paxHeader({ path: "b" }), entry);
    expectRefused(tar, /path: expected the same in GNU and PAX headers/);
    expect(pathsOf(rawTar(gnuLongName("L", "a"), paxHeader({ path: "a" }), entry))).toEqual(["a"]);
  });

  it.each(["path", "linkpath", "size", "GNU.sparse.map"])("refuses a global %s", (key) => {
    const tar = rawTar(paxHeader({ [key]: "1" }, "g"), rawEntry({ name: "x" }));
    expectRefused(tar, /global header: expected no record of one file/);
  });

  it("refuses an extended header without an entry", () => {
    expectRefused(
      rawTar(paxHeader({ path: "a" })),
      /the entry that an extended header is for/,
      "truncated",
    );
    expectRefused(gnuLongName("L", "a"), /the entry that an extended header is for/, "truncated");
  });
});

describe("PAX records (peer 58)", () => {
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
  ])("refuses a length that is %s", (_, record) => {
    expectRefused(
      rawTar(paxHeader(bytes(record)), rawEntry({ name: "x" })),
      /PAX record at byte 0/,
    );
  });

  it("takes a value with newlines, equals signs and NULs", () => {
    const tar = rawTar(paxHeader({ "VENDOR.x": "a=\n\0=b" }), rawEntry({ name: "x" }));
    expect([...listLayer(tar)[0]!.entry.extensions]).toEqual([["VENDOR.x", "a=\n\0=b"]]);
  });

  it("bounds the extended headers before one entry (CVE-2022-2879)", () => {
    const header = rawHeader({ name: "PaxHeader", typeFlag: "x", size: base256(2 ** 40, 12) });
    expectRefused(rawTar(header), /extended headers: expected at most 4194304/, "limit-exceeded");
    const several = rawTar(gnuLongName("L", "a"), gnuLongName("K", "b"), rawEntry({ name: "x" }));
    expect(failure(several, { limits: { extendedHeaderBytes: 3 } }).code).toBe("limit-exceeded");
    expect(listLayer(several, { limits: { extendedHeaderBytes: 4 } })).toHaveLength(1);
  });

  it("bounds the global records, which cost every entry", () => {
    const globals = Array.from({ length: 20 }, (_, index) =>
      joinBytes(paxHeader({ [`k${index}`]: "x".repeat(1000) }, "g"), rawEntry({ name: "x" })),
    );
    expectRefused(rawTar(...globals), /global headers: expected at most 16384/, "limit-exceeded");
  });

  it("reads thousands of records in one header", () => {
    const records = Array.from({ length: 20_000 }, (_, index) => paxRecord(`k${index}`, "v"));
    const tar = rawTar(paxHeader(joinBytes(...records)), rawEntry({ name: "x" }));
    expect(listLayer(tar, { chunks: [65_536] })[0]?.entry.extensions.size).toBe(20_000);
  });
});

describe("sparse files (peer 59, CVE-2025-58183)", () => {
  const sparse = (map: string, size: number, content: string): Uint8Array =>
    rawTar(
      paxHeader({ "GNU.sparse.size": size.toString(), "GNU.sparse.map": map }),
      rawEntry({ name: "x" }, content),
    );
  const old = (extents: string, realSize: Uint8Array | string, content: string): Uint8Array =>
    rawTar(
      rawEntry(
        {
          name: "x",
          typeFlag: "S",
          magic: GNU_MAGIC,
          at: { 386: extents.slice(0, 12), 398: extents.slice(12), 483: realSize },
        },
        content,
      ),
    );

  it("fills the holes before, between and behind what is stored", () => {
    expect(listLayer(sparse("2,3,7,1", 10, "abcd"))[0]?.content).toBe("\0\0abc\0\0d\0\0");
  });

  it.each([
    ["that overlap", "0,3,2,2", 10, "abcde"],
    ["out of order", "5,1,0,1", 10, "ab"],
    ["beyond the file's size", "8,3", 10, "abc"],
    ["that are not what is stored", "0,3", 10, "ab"],
    ["of odd number", "0,3,5", 10, "abc"],
    ["with an overflow", "9007199254740991,9007199254740991", 10, "abc"],
  ])("refuses extents %s", (_, map, size, content) => {
    expectRefused(sparse(map, size, content), /sparse map: expected/);
  });

  it.each(["-1,3", "a,b", "1.5,2", "0,3,"])("refuses the map %j", (map) => {
    expectRefused(sparse(map, 10, "abc"), /sparse map: expected a decimal number/);
  });

  it("refuses negative numbers in an old map", () => {
    const extent = joinBytes(base256(-1, 12), bytes("00000000003\0"));
    const tar = rawTar(
      rawEntry(
        {
          name: "x",
          typeFlag: "S",
          magic: GNU_MAGIC,
          at: { 386: extent.subarray(0, 12), 398: extent.subarray(12), 483: "00000000010" },
        },
        "abc",
      ),
    );
    expectRefused(tar, /sparse offset: expected 0 or more/);
  });

  it("refuses a real size that the layer's bytes don't allow", () => {
    const huge = old("00000000000\x0000000000003\0", base256(2 ** 50, 12), "abc");
    expectRefused(huge, /holes of sparse files: expected at most/, "limit-exceeded");
    expectRefused(sparse("0,3", 2 ** 50, "abc"), /holes of sparse files/, "limit-exceeded");
  });

  it("counts the holes of all files together", () => {
    const one = rawEntry({
      name: "x",
      typeFlag: "S",
      magic: GNU_MAGIC,
      at: { 483: base256(600, 12) },
    });
    const error = failure(rawTar(...Array.from({ length: 4 }, () => one)), {
      limits: { expansionRatio: 0, expansionFloor: 1500 },
    });
    expect(error.code).toBe("limit-exceeded");
    expect(error.details["entry"]).toBe(2);
  });

  it("bounds the extents, in each format", () => {
    const limits = { sparseExtents: 2 };
    const content = "3\n0\n1\n2\n1\n4\n1\n".padEnd(512, "\0") + "abc";
    const records = {
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.realsize": "5",
    };
    const pax = rawTar(paxHeader(records), rawEntry({ name: "x" }, content));
    expect(failure(pax, { limits }).code).toBe("limit-exceeded");
    expect(failure(sparse("0,1,2,1,4,1", 5, "abc"), { limits }).code).toBe("limit-exceeded");
    expect(listLayer(pax)[0]?.content).toBe("a\0b\0c");
    const header = rawHeader({
      name: "x",
      typeFlag: "S",
      magic: GNU_MAGIC,
      at: { 482: "\x01", 483: "00000000000" },
    });
    const extent = "00000000000\x0000000000000\0";
    const block = rawHeader({ name: extent.repeat(4), at: {} }).fill(0);
    block.set(bytes(extent.repeat(21)));
    block[504] = 1;
    expect(failure(rawTar(header, block, block), { limits }).code).toBe("limit-exceeded");
  });

  it("refuses an endless line, a map longer than the entry, an unknown version, a sparse directory", () => {
    const version = (major: string, minor: string): Record<string, string> => ({
      "GNU.sparse.major": major,
      "GNU.sparse.minor": minor,
      "GNU.sparse.realsize": "5",
    });
    const tar = (records: Record<string, string>, content: string, typeFlag = "0"): Uint8Array =>
      rawTar(paxHeader(records), rawEntry({ name: "x", typeFlag }, content));
    expectRefused(tar(version("1", "0"), "1".repeat(600)), /got a long line/);
    expectRefused(tar(version("1", "0"), "1\n0\n"), /longer than the entry/);
    expectRefused(tar(version("2", "0"), "abc"), /expected 0.0, 0.1 or 1.0, got "2.0"/);
    expectRefused(tar(version("1", "0"), "", "5"), /expected a file, got a directory/);
    expectRefused(
      rawTar(rawEntry({ name: "x", typeFlag: "S" })),
      /type S: expected a header of GNU/,
    );
  });

  it("refuses the offsets and lengths of format 0.0 in the wrong order", () => {
    const records = joinBytes(
      paxRecord("GNU.sparse.numbytes", "1"),
      paxRecord("GNU.sparse.offset", "0"),
    );
    expectRefused(
      rawTar(paxHeader(records), rawEntry({ name: "x" }, "a")),
      /expected GNU.sparse.offset/,
    );
  });
});

describe("the end (peer 60)", () => {
  const one = rawEntry({ name: "one" });
  const zeros = new Uint8Array(512);

  it("refuses a wrong checksum and says where", () => {
    const bad = rawHeader({ name: "two", checksum: "0000000\0" });
    const error = failure(rawTar(one, bad));
    expect(error.message).toMatch(
      /^layer: entry 1 at byte 512: header checksum: expected \d+, got 0$/,
    );
    expect(error.details).toMatchObject({ entry: 1, offset: 512 });
    expectRefused(rawTar(one, bad), /header checksum/);
  });

  it("refuses what is not a tar at all", () => {
    expectRefused(bytes("x".repeat(600)), /header checksum/);
  });

  it("takes two blocks of zeros, one, or none", () => {
    expect(pathsOf(rawTar(one))).toEqual(["one"]);
    expect(pathsOf(joinBytes(one, zeros))).toEqual(["one"]);
    expect(pathsOf(one)).toEqual(["one"]);
    expect(pathsOf(END_OF_TAR)).toEqual([]);
    expect(pathsOf(new Uint8Array())).toEqual([]);
  });

  it("refuses a single block of zeros with an entry behind: GNU tar stops there, others go on", () => {
    expectRefused(rawTar(one, zeros, one), /two blocks of zeros, got one/);
  });

  it("takes and ignores what follows the end", () => {
    expect(pathsOf(rawTar(one, END_OF_TAR, rawEntry({ name: "two" }), bytes("junk")))).toEqual([
      "one",
    ]);
  });

  it.each([1, 100, 511])("refuses a header cut off after %d bytes", (length) => {
    expectRefused(joinBytes(one, one.subarray(0, length)), /a whole header/, "truncated");
  });

  it("refuses a size that is more than what is left", () => {
    const tar = rawTar(rawEntry({ name: "x", size: 10_000 }, "abc"));
    expectRefused(tar, /of 10000 bytes of content, got the end/, "truncated");
  });

  it("refuses a cut inside an extended header, a sparse map", () => {
    const cut = joinBytes(one, paxHeader({ path: "a".repeat(600) }).subarray(0, 700));
    expectRefused(cut, /bytes of content, got the end/, "truncated");
    const sparse = rawHeader({ name: "x", typeFlag: "S", magic: GNU_MAGIC, at: { 482: "\x01" } });
    expectRefused(sparse, /the map of a sparse file/, "truncated");
  });
});

describe("sizes of what has no content (peer 61)", () => {
  it.each(["2", "3", "4", "5", "6"])(
    "ignores the size of an entry of type %s, as Go does",
    (typeFlag) => {
      const tar = rawTar(rawEntry({ name: "x", typeFlag, size: 1024 }), rawEntry({ name: "y" }));
      expect(listLayer(tar).map(({ entry }) => [entry.path, entry.size])).toEqual([
        ["x", 0],
        ["y", 0],
      ]);
    },
  );

  const link = { name: "link", typeFlag: "1", linkName: "file" } as const;

  it("takes a hard link's size for an old tar's where a header, zeros or the end follow", () => {
    const sized = rawHeader({ ...link, size: 1000 });
    expect(pathsOf(rawTar(sized, rawEntry({ name: "next" })))).toEqual(["link", "next"]);
    expect(pathsOf(rawTar(sized))).toEqual(["link"]);
    expect(pathsOf(sized)).toEqual(["link"]);
    for (const { entry } of listLayer(rawTar(sized))) expect(entry.size).toBe(0);
  });

  it.each([[[1]], [[511]], [[100_000]]])(
    "takes it for content where content follows (chunks of %j)",
    (chunks) => {
      const tar = rawTar(rawEntry(link, "x".repeat(700)), rawEntry({ name: "next" }, "y"));
      expect(listLayer(tar, { chunks }).map(({ content }) => content)).toEqual([
        "x".repeat(700),
        "y",
      ]);
      const short = joinBytes(rawHeader({ ...link, size: 3 }), bytes("abc"));
      expect(listLayer(short, { chunks })[0]?.content).toBe("abc");
    },
  );

  it("refuses content of zeros that would pass for the end", () => {
    const tar = rawTar(rawEntry(link, "\0".repeat(2000)), rawEntry({ name: "lost" }));
    expectRefused(tar, /nothing but zeros after a hard link that has a size/);
  });
});

describe("numbers of entries (peer 62)", () => {
  it("bounds them", () => {
    const tar = rawTar(rawEntry({ name: "a" }), rawEntry({ name: "b" }), rawEntry({ name: "c" }));
    const error = failure(tar, { limits: { entries: 2 }, what: "layer 3" });
    expect(error.message).toBe("layer 3: entry 2 at byte 1024: entries: expected at most 2, got 3");
    expect(error.hint).toContain("limits.entries");
  });

  it("reads a path of a hundred thousand directories without recursion", () => {
    const path = "d/".repeat(100_000);
    const tar = rawTar(paxHeader({ path }), rawEntry({ name: "x", typeFlag: "5" }));
    expect(listLayer(tar, { limits: { pathBytes: 1e6 } })[0]?.entry.path).toBe(path);
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { toBytes, type ByteString } from "../../bytes/byte-string.ts";
import type { ErrorCode } from "../../oci/errors.ts";
import { listLayer, refusalOf } from "../../testing/list-layer.ts";
import {
  base256,
  END_OF_TAR,
  GNU_MAGIC,
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

describe("sparse files (CVE-2025-58183)", () => {
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

  it("fills the holes before, between and after the extents with zeros", () => {
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

  it("refuses negative numbers in the map of the oldest format", () => {
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

  it("refuses a real size that is too large for the bytes of the layer", () => {
    const huge = old("00000000000\x0000000000003\0", base256(2 ** 50, 12), "abc");
    expectRefused(huge, /at most \d+ bytes of a sparse file/, "limit-exceeded");
    expectRefused(sparse("0,3", 2 ** 50, "abc"), /bytes of a sparse file/, "limit-exceeded");
  });

  it("counts the holes of all files together", () => {
    const one = rawEntry({
      name: "x",
      typeFlag: "S",
      magic: GNU_MAGIC,
      at: { 483: base256(600, 12) },
    });
    const error = refusalOf(rawTar(...Array.from({ length: 4 }, () => one)), {
      limits: { expansionRatio: 0, holeBytes: 1500 },
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
    expect(refusalOf(pax, { limits }).code).toBe("limit-exceeded");
    expect(refusalOf(sparse("0,1,2,1,4,1", 5, "abc"), { limits }).code).toBe("limit-exceeded");
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
    expect(refusalOf(rawTar(header, block, block), { limits }).code).toBe("limit-exceeded");
  });

  it("refuses a map with an endless line or longer than the entry, an unknown version, and a sparse directory", () => {
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

describe("the end of an archive", () => {
  const one = rawEntry({ name: "one" });
  const zeros = new Uint8Array(512);

  it("is not an entry with a wrong checksum, which is refused with its position", () => {
    const bad = rawHeader({ name: "two", checksum: "0000000\0" });
    const error = refusalOf(rawTar(one, bad));
    expect(error.message).toMatch(
      /^layer: entry 1 at byte 512: header checksum: expected \d+, got 0$/,
    );
    expect(error.details).toMatchObject({ entry: 1, offset: 512 });
    expectRefused(rawTar(one, bad), /header checksum/);
  });

  it("is not found in bytes that are no tar", () => {
    expectRefused(bytes("x".repeat(600)), /header checksum/);
  });

  it("may be two blocks of zeros, one, or none", () => {
    expect(pathsOf(rawTar(one))).toEqual(["one"]);
    expect(pathsOf(joinBytes(one, zeros))).toEqual(["one"]);
    expect(pathsOf(one)).toEqual(["one"]);
    expect(pathsOf(END_OF_TAR)).toEqual([]);
    expect(pathsOf(new Uint8Array())).toEqual([]);
  });

  it("is refused after one block of zeros with an entry behind: GNU tar stops there, others go on", () => {
    expectRefused(rawTar(one, zeros, one), /two blocks of zeros, got one/);
  });

  it("may have anything behind it, which is ignored", () => {
    expect(pathsOf(rawTar(one, END_OF_TAR, rawEntry({ name: "two" }), bytes("junk")))).toEqual([
      "one",
    ]);
  });

  it.each([1, 100, 511])("is refused inside a header, after %d bytes", (length) => {
    expectRefused(joinBytes(one, one.subarray(0, length)), /a whole header/, "truncated");
  });

  it("is refused inside a content", () => {
    const tar = rawTar(rawEntry({ name: "x", size: 10_000 }, "abc"));
    expectRefused(tar, /of 10000 bytes of content, got the end/, "truncated");
  });

  it("is refused inside an extended header and inside a sparse map", () => {
    const cut = joinBytes(one, paxHeader({ path: "a".repeat(600) }).subarray(0, 700));
    expectRefused(cut, /bytes of content, got the end/, "truncated");
    const sparse = rawHeader({ name: "x", typeFlag: "S", magic: GNU_MAGIC, at: { 482: "\x01" } });
    expectRefused(sparse, /the map of a sparse file/, "truncated");
  });
});

describe("sizes of entries without content", () => {
  it.each(["2", "3", "4", "5", "6"])("are ignored for type %s, as in Go", (typeFlag) => {
    const tar = rawTar(rawEntry({ name: "x", typeFlag, size: 1024 }), rawEntry({ name: "y" }));
    expect(listLayer(tar).map(({ entry }) => [entry.path, entry.size])).toEqual([
      ["x", 0],
      ["y", 0],
    ]);
  });

  const link = { name: "link", typeFlag: "1", linkName: "file" } as const;

  it("are ignored for a hard link when a header, zeros or the end follow", () => {
    const sized = rawHeader({ ...link, size: 1000 });
    expect(pathsOf(rawTar(sized, rawEntry({ name: "next" })))).toEqual(["link", "next"]);
    expect(pathsOf(rawTar(sized))).toEqual(["link"]);
    expect(pathsOf(sized)).toEqual(["link"]);
    for (const { entry } of listLayer(rawTar(sized))) expect(entry.size).toBe(0);
  });

  it.each([[[1]], [[511]], [[100_000]]])(
    "count for a hard link when content follows (chunks of %j)",
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

  it("are refused for a hard link whose content of zeros looks like the end", () => {
    const tar = rawTar(rawEntry(link, "\0".repeat(2000)), rawEntry({ name: "lost" }));
    expectRefused(tar, /nothing but zeros after a hard link that has a size/);
  });
});

describe("entries and directories", () => {
  it("are limited in number", () => {
    const tar = rawTar(rawEntry({ name: "a" }), rawEntry({ name: "b" }), rawEntry({ name: "c" }));
    const error = refusalOf(tar, { limits: { entries: 2 }, what: "layer 3" });
    expect(error.message).toBe("layer 3: entry 2 at byte 1024: expected at most 2 entries, got 3");
    expect(error.hint).toContain("limits.entries");
  });

  it("of a path through a hundred thousand directories are read without recursion", () => {
    const path = "d/".repeat(100_000);
    const tar = rawTar(paxHeader({ path }), rawEntry({ name: "x", typeFlag: "5" }));
    expect(listLayer(tar, { limits: { pathBytes: 1e6 } })[0]?.entry.path).toBe(path);
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { toBytes, type ByteString } from "../../bytes/byte-string.ts";
import { listLayer } from "../../testing/list-layer.ts";
import {
  base256,
  GNU_MAGIC,
  gnuLongName,
  joinBytes,
  paxHeader,
  rawEntry,
  rawHeader,
  rawTar,
} from "../../testing/raw-tar.ts";
import type { Entry } from "../entry.ts";
import { createLayerParser } from "./layer-parser.ts";

const bytes = (text: string): Uint8Array => toBytes(text as ByteString);
const only = (...parts: Uint8Array[]): Entry => listLayer(rawTar(...parts))[0]!.entry;
const xattrsOf = (entry: Entry): unknown => Object.fromEntries(entry.xattrs);

describe("the parser, where tar-stream 3.2.2 loses something,", () => {
  it("reads a PAX uid above 262143", () => {
    const entry = only(paxHeader({ uid: "3000000", gid: "4000000000" }), rawEntry({ name: "x" }));
    expect(entry).toMatchObject({ uid: 3_000_000, gid: 4_000_000_000 });
  });

  it("reads a base-256 uid", () => {
    expect(only(rawEntry({ name: "x", uid: base256(4_294_967_295, 8) })).uid).toBe(4_294_967_295);
  });

  it("reads binary extended attributes byte for byte", () => {
    const capability = bytes("\x01\x00\x00\x02\x80\xff\x00\n=\xc3");
    const records = { "SCHILY.xattr.security.capability": capability };
    const entry = only(paxHeader(records), rawEntry({ name: "x" }));
    expect(xattrsOf(entry)).toEqual({
      "security.capability": "\x01\x00\x00\x02\x80\xff\x00\n=\xc3",
    });
  });

  it("applies PAX mtime, uname and gname", () => {
    const records = { mtime: "1700000000.123456789", uname: "josé", gname: "g".repeat(40) };
    expect(only(paxHeader(records), rawEntry({ name: "x" }))).toMatchObject({
      mtime: 1_700_000_000,
      mtimeNanoseconds: 123_456_789,
      userName: "jos\xc3\xa9",
      groupName: "g".repeat(40),
    });
  });

  it("applies global records to all following entries, until they are overridden or deleted", () => {
    const tar = rawTar(
      rawEntry({ name: "before" }),
      paxHeader({ uid: "7", comment: "c" }, "g"),
      rawEntry({ name: "a", uid: 1 }),
      paxHeader({ uid: "8" }),
      rawEntry({ name: "b", uid: 1 }),
      paxHeader({ uid: "" }),
      rawEntry({ name: "c", uid: 1 }),
      rawEntry({ name: "d", uid: 1 }),
      paxHeader({ uid: "" }, "g"),
      rawEntry({ name: "e", uid: 1 }),
    );
    const listed = listLayer(tar).map(({ entry }) => [
      entry.path,
      entry.uid,
      entry.extensions.size,
    ]);
    expect(listed).toEqual([
      ["before", 0, 0],
      ["a", 7, 1],
      ["b", 8, 1],
      ["c", 1, 1],
      ["d", 7, 1],
      ["e", 1, 1],
    ]);
  });

  it("keeps names that are not UTF-8, in headers, PAX records and GNU long names", () => {
    expect(only(rawEntry({ name: bytes("caf\xe9") })).path).toBe("caf\xe9");
    expect(only(paxHeader({ path: bytes("caf\xe9") }), rawEntry({ name: "x" })).path).toBe(
      "caf\xe9",
    );
    const long = rawEntry({ name: "L", typeFlag: "L", magic: GNU_MAGIC }, bytes("\xff\xfe\0"));
    expect(only(long, rawEntry({ name: "x" })).path).toBe("\xff\xfe");
  });

  it("reads a negative base-256 mtime exactly", () => {
    expect(only(rawEntry({ name: "x", mtime: base256(-1, 12) })).mtime).toBe(-1);
    expect(only(rawEntry({ name: "x", mtime: base256(-315_619_200, 12) })).mtime).toBe(
      -315_619_200,
    );
  });

  it.each([
    ["-0.25", -1, 750_000_000],
    ["-1", -1, 0],
    ["-1.5", -2, 500_000_000],
    ["-0", 0, 0],
    ["0.000000001", 0, 1],
    ["1.", 1, 0],
    ["1.9999999999", 1, 999_999_999],
    ["17179869184", 17_179_869_184, 0],
  ])("rounds the PAX mtime %s down to whole seconds", (mtime, seconds, nanoseconds) => {
    const entry = only(paxHeader({ mtime }), rawEntry({ name: "x" }));
    expect([entry.mtime, entry.mtimeNanoseconds]).toEqual([seconds, nanoseconds]);
  });

  it("accepts a last entry without its padding (umoci 0.4.7)", () => {
    const tar = joinBytes(rawHeader({ name: "a", size: 3 }), bytes("abc"));
    expect(listLayer(tar)[0]?.content).toBe("abc");
    expect(listLayer(tar, { chunks: [1] })[0]?.content).toBe("abc");
    expect(listLayer(joinBytes(tar, new Uint8Array(7)))[0]?.content).toBe("abc");
  });
});

describe("the parser with dialects of tar", () => {
  it("joins the ustar prefix and the name", () => {
    expect(only(rawEntry({ name: "b/c", prefix: "usr/a" })).path).toBe("usr/a/b/c");
  });

  it("reads star's shorter prefix, and the times behind it", () => {
    const at = { 476: "00000000012\0", 488: "00000000013\0", 508: "tar\0" };
    const entry = only(rawEntry({ name: "b", prefix: "a", at }));
    expect(entry.path).toBe("a/b");
    expect([...entry.extensions]).toEqual([
      ["atime", "10"],
      ["ctime", "11"],
    ]);
  });

  it("keeps access and change time of a GNU header, which are in the place of ustar's prefix", () => {
    const entry = only(
      rawEntry({ name: "b", magic: GNU_MAGIC, prefix: "00000000012\x0000000000013\0" }),
    );
    expect(entry.path).toBe("b");
    expect(Object.fromEntries(entry.extensions)).toEqual({ atime: "10", ctime: "11" });
  });

  it("reads a ustar prefix in a GNU header, as Go before 1.8 wrote it", () => {
    expect(only(rawEntry({ name: "b", magic: GNU_MAGIC, prefix: "usr/share/doc" })).path).toBe(
      "usr/share/doc/b",
    );
  });

  it("reads no owner names from the oldest headers, and knows a directory there by its trailing slash", () => {
    const old = { magic: "", typeFlag: "\0", userName: "garbage" };
    expect(only(rawEntry({ ...old, name: "d/" }))).toMatchObject({
      type: "directory",
      userName: "",
    });
    expect(only(rawEntry({ ...old, name: "f" })).type).toBe("file");
    expect(only(rawEntry({ name: "f/" })).type).toBe("file");
  });

  it("reads GNU long names and long link targets", () => {
    const [long, target] = ["n".repeat(300), "t".repeat(300)];
    const headers = [gnuLongName("K", target), gnuLongName("L", long)];
    const entry = only(...headers, rawEntry({ name: "n", typeFlag: "2", linkName: "t" }));
    expect(entry).toMatchObject({ type: "symlink", path: long, linkTarget: target });
  });

  it("reads Solaris' extended header as PAX", () => {
    expect(only(paxHeader({ path: "a" }, "X"), rawEntry({ name: "x" })).path).toBe("a");
  });

  it("accepts a checksum of signed bytes, as old Suns wrote it", () => {
    const block = rawHeader({ name: bytes("\xe9\xe9") });
    const signed = block.reduce((sum, byte, at) => {
      if (at >= 148 && at < 156) return sum;
      return sum + (byte > 127 ? byte - 256 : byte);
    }, 256);
    const checksum = signed.toString(8).padStart(6, "0");
    expect(only(rawHeader({ name: bytes("\xe9\xe9"), checksum })).path).toBe("\xe9\xe9");
  });

  it("accepts numbers with spaces in front, without a terminator, and empty ones", () => {
    const entry = only(
      rawEntry({ name: "x", mode: "  644 \0", uid: "77777777", gid: "", mtime: "" }),
    );
    expect(entry).toMatchObject({ mode: 0o644, uid: 0o77777777, gid: 0, mtime: 0 });
  });

  it("keeps only the permission bits of a mode", () => {
    expect(only(rawEntry({ name: "x", mode: "0104755" })).mode).toBe(0o4755);
  });

  it("gives a link target only to links", () => {
    expect(only(rawEntry({ name: "x", linkName: "garbage" })).linkTarget).toBe("");
    expect(only(paxHeader({ linkpath: "garbage" }), rawEntry({ name: "x" })).linkTarget).toBe("");
    expect(
      only(paxHeader({ linkpath: "t" }), rawEntry({ name: "x", typeFlag: "2" })).linkTarget,
    ).toBe("t");
  });

  it("reads large device numbers", () => {
    const records = { "SCHILY.devmajor": "4294967295", "SCHILY.devminor": "3000000" };
    const entry = only(paxHeader(records), rawEntry({ name: "x", typeFlag: "4" }));
    expect(entry).toMatchObject({
      type: "block",
      deviceMajor: 4_294_967_295,
      deviceMinor: 3_000_000,
    });
  });
});

describe("the parser with extended attributes", () => {
  it("reads libarchive's form if Schily's is missing", () => {
    const records = {
      "LIBARCHIVE.xattr.user.a%3db": "AP8",
      "LIBARCHIVE.xattr.user.both": "AAAA",
      "SCHILY.xattr.user.both": "schily",
    };
    const entry = only(paxHeader(records), rawEntry({ name: "x" }));
    expect(xattrsOf(entry)).toEqual({ "user.a=b": "\x00\xff", "user.both": "schily" });
  });

  it("keeps an attribute with an empty value, though other records are deleted by one", () => {
    const records = { "SCHILY.xattr.user.empty": "", comment: "" };
    const entry = only(paxHeader(records), rawEntry({ name: "x" }));
    expect(xattrsOf(entry)).toEqual({ "user.empty": "" });
    expect(entry.extensions.size).toBe(0);
  });
});

describe("createLayerParser", () => {
  it("gives ordinal and offsets of each entry", () => {
    const tar = rawTar(
      rawEntry({ name: "a" }, "abc"),
      paxHeader({ mtime: "1.5" }),
      rawEntry({ name: "b" }, "de"),
      rawEntry(
        {
          name: "s",
          typeFlag: "S",
          magic: GNU_MAGIC,
          at: { 386: "00000000001\x00", 398: "00000000001\0", 483: "00000000012" },
        },
        "x",
      ),
    );
    const listed = listLayer(tar);
    expect(listed.map(({ position }) => position)).toEqual([
      { ordinal: 0, headerOffset: 0, contentOffset: 512, storedSize: 3 },
      { ordinal: 1, headerOffset: 1024, contentOffset: 2560, storedSize: 2 },
      { ordinal: 2, headerOffset: 3072, contentOffset: 3584, storedSize: 1 },
    ]);
    expect(listLayer(tar, { chunks: [7, 513] })).toEqual(listed);
    expect(listed[2]?.content).toBe(`\0x${"\0".repeat(8)}`);
  });

  it("passes on views of the fed chunks, and whole chunks as they are", () => {
    const chunks: Uint8Array[] = [];
    const parser = createLayerParser({
      entry: () => undefined,
      data: (chunk) => chunks.push(chunk),
    });
    const content = new Uint8Array(4096);
    const first = joinBytes(rawHeader({ name: "a", size: 4096 + 3 }), bytes("abc"));
    parser.feed(first);
    parser.feed(content);
    parser.end();
    expect(chunks[0]?.buffer).toBe(first.buffer);
    expect(chunks[1]).toBe(content);
  });

  it("reports holes to a handler that takes them", () => {
    const events: (string | number)[] = [];
    const parser = createLayerParser({
      entry: (entry) => events.push(entry.path),
      data: (chunk) => events.push(`${chunk.length} stored`),
      hole: (length) => events.push(length),
      end: () => events.push("end"),
    });
    const records = {
      "GNU.sparse.map": "100,2,200,1",
      "GNU.sparse.size": "1000",
      "GNU.sparse.name": "real",
    };
    parser.feed(rawTar(paxHeader(records), rawEntry({ name: "x" }, "abc")));
    parser.end();
    parser.end();
    expect(events).toEqual(["real", 100, "2 stored", 98, "1 stored", 799, "end"]);
  });

  it("throws the same error again after an error of its own or of the handler", () => {
    const parser = createLayerParser({ entry: () => undefined, data: () => undefined });
    const fail = (): void => parser.feed(bytes("x".repeat(512)));
    expect(fail).toThrow(/header checksum/);
    expect(() => parser.end()).toThrow(/header checksum/);
    const broken = createLayerParser({
      entry() {
        throw new RangeError("handler");
      },
      data: () => undefined,
    });
    expect(() => broken.feed(rawEntry({ name: "x" }))).toThrow(new RangeError("handler"));
    expect(() => broken.feed(new Uint8Array(512))).toThrow(new RangeError("handler"));
  });

  it("refuses bytes after its end", () => {
    const parser = createLayerParser({ entry: () => undefined, data: () => undefined });
    parser.end();
    expect(() => parser.feed(new Uint8Array(1))).toThrow(/fed after its end/);
  });

  it("accepts chunks of a subclass, such as Node's Buffer", () => {
    const tar = Buffer.from(rawTar(rawEntry({ name: "a" }, "abc")));
    const chunks: Uint8Array[] = [];
    const parser = createLayerParser({
      entry: () => undefined,
      data: (chunk) => chunks.push(chunk),
    });
    parser.feed(tar);
    parser.end();
    expect(chunks).toEqual([Uint8Array.from(bytes("abc"))]);
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { layerOf, listLayer } from "../../testing/list-layer.ts";
import type { Entry } from "../entry.ts";
import { createLayerWriter } from "./layer-writer.ts";
import { makeEntry, type EntryInit } from "../make-entry.ts";

const bytes = (text: string): ByteString => text as ByteString;
const file = (init: Partial<EntryInit> = {}): Entry =>
  makeEntry({ type: "file", path: bytes("x"), ...init });
/** One entry takes one block where ustar holds it, and three with a short PAX header. */
const blocksOf = (entry: Entry): number => layerOf([{ entry }]).length / 512 - 2;

describe("createLayerWriter", () => {
  it.each<[string, Partial<EntryInit>]>([
    ["a path of 100 bytes", { path: bytes("p".repeat(100)) }],
    ["a path of 155, a slash and 100", { path: bytes(`${"p".repeat(155)}/${"q".repeat(100)}`) }],
    ["the largest octal owner", { uid: 0o7777777, gid: 0o7777777 }],
    ["the largest octal time", { mtime: 0o77777777777 }],
    ["a user name of 31 bytes", { userName: bytes("u".repeat(31)) }],
  ])("writes %s as plain ustar", (_, init) => {
    expect(blocksOf(file(init))).toBe(1);
  });

  it.each<[string, Partial<EntryInit>]>([
    ["a path of 101 bytes without a slash", { path: bytes("p".repeat(101)) }],
    ["a path that can't be split", { path: bytes(`${"p".repeat(156)}/${"q".repeat(101)}`) }],
    ["a path that isn't ASCII", { path: fromText("é") }],
    ["a path that isn't UTF-8", { path: bytes("\xff") }],
    ["a uid above 2097151", { uid: 2_097_152 }],
    ["a gid above 2097151", { gid: 4_294_967_295 }],
    ["nanoseconds", { mtimeNanoseconds: 1 }],
    ["a time before 1970", { mtime: -1 }],
    ["a time after 2242", { mtime: 0o100000000000 }],
    ["a user name of 32 bytes", { userName: bytes("u".repeat(32)) }],
    ["a group name that isn't ASCII", { groupName: bytes("\xc3\xa9") }],
    ["an extended attribute", { xattrs: new Map([[bytes("user.a"), bytes("")]]) }],
    ["an extension", { extensions: new Map([[bytes("atime"), bytes("1.5")]]) }],
    ["a large device number", { type: "block", deviceMinor: 2_097_152 }],
  ])("writes %s in a PAX header, and reads it back", (_, init) => {
    const entry = file(init);
    expect(blocksOf(entry)).toBe(3);
    expect(listLayer(layerOf([{ entry }]))[0]?.entry).toEqual(entry);
  });

  it("writes sizes from 8 GiB in a PAX header", () => {
    const headers: Uint8Array[] = [];
    const writer = createLayerWriter((chunk) => headers.push(chunk));
    writer.entry(file({ size: 8 * 1024 ** 3 }));
    expect(headers[0]?.length).toBe(1536);
    expect(new TextDecoder().decode(headers[0]?.subarray(512, 532))).toBe("19 size=8589934592\n\0");
  });

  it("passes content on as it came, and joins headers with the padding before them", () => {
    const chunks: Uint8Array[] = [];
    const writer = createLayerWriter((chunk) => chunks.push(chunk));
    const content = new Uint8Array([1, 2, 3]);
    writer.entry(file({ size: 3 }));
    writer.data(content);
    writer.data(new Uint8Array());
    writer.entry(file({ path: bytes("y") }));
    writer.end();
    expect(chunks.map(({ length }) => length)).toEqual([512, 3, 509 + 512, 1024]);
    expect(chunks[1]).toBe(content);
  });

  it("writes an empty layer as only the end of the archive", () => {
    expect(layerOf([])).toEqual(new Uint8Array(1024));
  });

  it("refuses content of another length than the entry has", () => {
    const writer = (): ReturnType<typeof createLayerWriter> => {
      const made = createLayerWriter(() => undefined);
      made.entry(file({ size: 3 }));
      made.data(new Uint8Array(2));
      return made;
    };
    const short = /entry "x" of a new layer: expected 3 bytes of content, got 2/;
    expect(() => writer().end()).toThrow(short);
    expect(() => writer().entry(file())).toThrow(short);
    expect(() => writer().data(new Uint8Array(2))).toThrow(
      /expected 3 bytes of content, got 1 more/,
    );
    const none = createLayerWriter(() => undefined);
    expect(() => none.data(new Uint8Array(1))).toThrow(/before the first entry/);
  });

  it.each<[string, Partial<EntryInit>, RegExp]>([
    [
      "a mode with file type bits",
      { mode: 0o100644 },
      /mode: expected a whole number from 0 to 4095/,
    ],
    ["a negative uid", { uid: -1 }, /uid: expected/],
    ["a gid above 32 bits", { gid: 2 ** 32 }, /gid: expected/],
    ["a size that is no whole number", { size: 1.5 }, /size: expected/],
    ["a time that is no number", { mtime: Number.NaN }, /mtime: expected whole seconds/],
    ["nanoseconds of a second", { mtimeNanoseconds: 1e9 }, /mtimeNanoseconds: expected/],
    ["a negative device", { deviceMajor: -1 }, /deviceMajor: expected/],
    ["a hard link with content", { type: "hardlink", size: 1 }, /size: expected 0 for a hardlink/],
    [
      "a directory with content",
      { type: "directory", size: 1 },
      /size: expected 0 for a directory/,
    ],
    ["a NUL in a name", { path: bytes("a\0") }, /path: expected bytes without NUL/],
    ["a link target of a file", { linkTarget: bytes("t") }, /linkTarget: expected none for a file/],
    [
      "an xattr with =",
      { xattrs: new Map([[bytes("a=b"), bytes("v")]]) },
      /xattrs: expected names/,
    ],
    [
      "an xattr without a name",
      { xattrs: new Map([[bytes(""), bytes("v")]]) },
      /xattrs: expected names/,
    ],
    [
      "an extension with NUL",
      { extensions: new Map([[bytes("\0"), bytes("v")]]) },
      /extensions: expected names/,
    ],
    [
      "an extension without a value",
      { extensions: new Map([[bytes("k"), bytes("")]]) },
      /extensions: expected a value/,
    ],
    [
      "an extension that is a field",
      { extensions: new Map([[bytes("uid"), bytes("1")]]) },
      /expected no record of a field, got uid/,
    ],
    [
      "an extension about sparseness",
      { extensions: new Map([[bytes("GNU.sparse.map"), bytes("1")]]) },
      /expected no record of a field/,
    ],
  ])("refuses %s instead of changing it", (_, init, message) => {
    expect(() => layerOf([{ entry: file(init) }])).toThrow(message);
  });
});

describe("makeEntry", () => {
  it("fills in modes by type", () => {
    const mode = (type: Entry["type"]): number => makeEntry({ type, path: bytes("x") }).mode;
    expect([mode("file"), mode("directory"), mode("symlink")]).toEqual([0o644, 0o755, 0o777]);
  });

  it("keeps the given fields", () => {
    expect(file({ mode: 0o4755, uid: 7 })).toMatchObject({ mode: 0o4755, uid: 7, gid: 0, size: 0 });
  });
});

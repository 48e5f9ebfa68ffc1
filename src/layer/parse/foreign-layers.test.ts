// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { layerOf, listLayer } from "../../testing/list-layer.ts";
import { toBytes } from "../../bytes/byte-string.ts";
import type { Entry } from "../entry.ts";
import { makeEntry } from "../make-entry.ts";

const bytes = (text: string): ByteString => text as ByteString;
const D = "d".repeat(90);
const E = "e".repeat(90);
const F = "f".repeat(120);
const SPARSE = bytes(`${"\0".repeat(102_400)}data${"\0".repeat(300_000 - 102_404)}`);
const BINARY_XATTR = new Map([[bytes("user.binary"), bytes("\x00\xff\n=\x80")]]);
const LATIN = bytes("caf\xe9");

function read(name: string): Uint8Array {
  return readFileSync(new URL(`../../../test/fixtures/layer/${name}`, import.meta.url));
}

type Expected = readonly [entry: Entry, content: string];

interface Tool {
  /** A time in the tree, as the format holds it: of most entries, and of dir/file. */
  readonly time: Pick<Entry, "mtime" | "mtimeNanoseconds">;
  readonly oldTime: Pick<Entry, "mtime" | "mtimeNanoseconds">;
  readonly owner: Partial<Entry>;
  readonly xattrs?: boolean;
  readonly linkXattrs?: boolean;
  /** `dir/file` of an owner without a name. */
  readonly extensions?: ReadonlyMap<ByteString, ByteString>;
}

/** What the tree of the fixtures must look like, in the order that the tools were given. */
function tree(tool: Tool): Record<string, Expected> {
  const common = { ...tool.time, ...tool.owner, extensions: tool.extensions ?? new Map() };
  const file = {
    ...common,
    ...tool.oldTime,
    mode: 0o4750,
    uid: 3_000_000,
    gid: 4_000_000,
    userName: bytes(""),
    groupName: bytes(""),
  };
  const xattrs = tool.xattrs === true ? BINARY_XATTR : new Map<ByteString, ByteString>();
  const linkXattrs = tool.linkXattrs === true ? BINARY_XATTR : new Map<ByteString, ByteString>();
  const entry = (init: Parameters<typeof makeEntry>[0], content = ""): Expected => [
    makeEntry({ ...common, size: content.length, ...init }),
    content,
  ];
  return {
    dir: entry({ type: "directory", path: bytes("dir/") }),
    file: entry({ type: "file", path: bytes("dir/file"), ...file, xattrs }, "hello\n"),
    hard: entry({
      type: "hardlink",
      path: bytes("dir/hard"),
      linkTarget: bytes("dir/file"),
      ...file,
      xattrs: linkXattrs,
    }),
    link: entry({ type: "symlink", path: bytes("link"), linkTarget: bytes("dir/file") }),
    D: entry({ type: "directory", path: bytes(`${D}/`) }),
    E: entry({ type: "directory", path: bytes(`${D}/${E}/`) }),
    F: entry({ type: "file", path: bytes(`${D}/${E}/${F}`) }, "x"),
    latin: entry({ type: "file", path: LATIN }, "latin"),
    utf8: entry({ type: "file", path: fromText("été") }, "utf"),
    sparse: entry({ type: "file", path: bytes("sparse") }, SPARSE),
    fifo: entry({ type: "fifo", path: bytes("fifo") }),
    device: entry({ type: "character", path: bytes("device"), deviceMajor: 5, deviceMinor: 300 }),
    last: entry({ type: "file", path: bytes("zlast") }, "last\n"),
  };
}

const ALL = "dir file hard link D E F latin utf8 sparse fifo device".split(" ");
const ROOT = { userName: bytes("root"), groupName: bytes("root") };
const SECONDS: Pick<Tool, "time" | "oldTime"> = {
  time: { mtime: 981_173_106, mtimeNanoseconds: 0 },
  oldTime: { mtime: -315_619_200, mtimeNanoseconds: 0 },
};
const EXACT: Pick<Tool, "time" | "oldTime"> = {
  time: { mtime: 981_173_106, mtimeNanoseconds: 789_000_000 },
  oldTime: { mtime: -315_619_200, mtimeNanoseconds: 250_000_000 },
};

function expectTree(file: string, tool: Tool, names: readonly string[], skip = 0): void {
  const expected = tree(tool);
  const listed = listLayer(read(file)).slice(skip);
  expect(listed.map(({ entry }) => entry)).toEqual(names.map((name) => expected[name]?.[0]));
  expect(listed.map(({ content }) => content)).toEqual(names.map((name) => expected[name]?.[1]));
}

describe("layers made by other tools", () => {
  it("reads GNU tar's own format: long names, a base-256 owner and negative time, old sparse files", () => {
    expectTree("gnu.tar", { ...SECONDS, owner: {} }, ALL);
  });

  it("reads GNU tar's PAX format: a binary xattr, nanoseconds, sparse format 1.0", () => {
    expectTree("gnu-posix.tar", { ...EXACT, owner: ROOT, xattrs: true }, ALL);
  });

  it.each(["gnu-sparse-0.0.tar", "gnu-sparse-0.1.tar"])("reads %s", (file) => {
    expectTree(file, { ...EXACT, owner: ROOT }, ["sparse"]);
  });

  it("reads Python's tarfile: a global header applies to every entry", () => {
    const extensions = new Map([[bytes("comment"), bytes("global")]]);
    const names = ALL.filter((name) => name !== "sparse");
    expectTree("python.tar", { ...EXACT, owner: ROOT, extensions }, names);
  });

  it("reads bsdtar's PAX format: xattrs in both forms, access times kept as extensions", () => {
    const listed = listLayer(read("bsdtar.tar"));
    // bsdtar 3.6 writes -315619200.25 for what is a quarter second after -315619200
    const oldTime = { mtime: -315_619_201, mtimeNanoseconds: 750_000_000 };
    const tool = { ...EXACT, oldTime, owner: ROOT, xattrs: true, linkXattrs: true };
    const expected = tree(tool);
    for (const { entry } of listed)
      expect([...entry.extensions.keys()]).toEqual(["ctime", "atime"]);
    const plain = listed.map(({ entry }) => ({ ...entry, extensions: new Map() }));
    expect(plain).toEqual(ALL.map((name) => expected[name]?.[0]));
    expect(listed.map(({ content }) => content)).toEqual(ALL.map((name) => expected[name]?.[1]));
  });

  const inserted = "latin D E F device dir file hard fifo link last".split(" ");

  it("reads a layer of umoci 0.4.7: the last entry has no padding, and no end follows", () => {
    const time = { mtime: 981_173_107, mtimeNanoseconds: 0 };
    const tool = { ...SECONDS, time, owner: {}, xattrs: true, linkXattrs: true };
    expect(read("umoci-0.4.7.tar").length % 512).not.toBe(0);
    expectTree("umoci-0.4.7.tar", tool, inserted, 1);
  });

  it("reads a layer of umoci 0.6.0, written by a current Go", () => {
    const tool = { ...SECONDS, owner: {}, xattrs: true, linkXattrs: true };
    expectTree("umoci-0.6.0.tar", tool, inserted, 1);
  });

  it("reads the oldest format, which has no owner names", () => {
    const listed = listLayer(read("v7.tar"));
    expect(listed.map(({ entry, content }) => [entry.type, entry.path, content])).toEqual([
      ["symlink", "link", ""],
      ["file", "v7", "old"],
    ]);
  });

  it.each("gnu gnu-posix bsdtar python umoci-0.4.7 umoci-0.6.0 v7".split(" "))(
    "reads %s.tar, writes it, and reads the same again",
    (name) => {
      const listed = listLayer(read(`${name}.tar`));
      const items = listed.map(({ entry, content }) => ({ entry, content: toBytes(content) }));
      const again = listLayer(layerOf(items));
      expect(again.map(({ entry, content }) => ({ entry, content }))).toEqual(
        listed.map(({ entry, content }) => ({ entry, content })),
      );
    },
  );
});

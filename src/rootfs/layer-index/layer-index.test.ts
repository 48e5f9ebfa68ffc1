// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fromBytes } from "../../bytes/byte-string.ts";
import { digestBytes } from "../../bytes/hash.ts";
import {
  b,
  directory,
  elf,
  file,
  indexTar,
  makeTar,
  special,
  symlink,
  whiteout,
} from "../../../test/fixtures/layers.ts";
import type { Limits } from "../../oci/limits.ts";
import { mergeLayers } from "../merge/merge-layers.ts";
import { packMap, unpackMap } from "./packed-map.ts";
import { parseLayerIndex } from "./serialised-index.ts";
import { createLayerIndexer } from "./index-builder.ts";
import type { LayerIndex } from "./layer-index.ts";
import { walkTree } from "../merge/merged-tree.ts";

const xattrs = new Map([
  [b("security.capability"), fromBytes(new Uint8Array([1, 0, 0, 2, 255, 128]))],
  [b("user.empty"), b("")],
]);
const metadata = {
  mode: 0o4711,
  uid: 3_000_000_000,
  gid: 7,
  userName: b("jürgen"),
  groupName: b("staff"),
  mtime: -12_345_678_901,
  mtimeNanoseconds: 999_999_999,
  xattrs,
  extensions: new Map([[b("comment"), b("hello")]]),
};
const pieces = [
  directory("bin", { mode: 0o1777 }),
  file("bin/tool", "#!/bin/sh -e\necho\n", metadata),
  file("bin/program", Buffer.concat([elf("riscv64"), Buffer.alloc(1000, 7)])),
  whiteout("old/.wh.x"),
  file("text", "just text", { mode: 0o600 }),
  symlink("link", "bin/tool"),
];

function index(): LayerIndex {
  return indexTar(makeTar(pieces));
}

function nodes(layer: LayerIndex): object[] {
  return [...walkTree(mergeLayers([layer]))].map(([path, node]) => {
    const { type, mode, uid, gid, size, mtime, mtimeNanoseconds, linkTarget, head } = node;
    const { userName, groupName, contentDigest } = node;
    const facts = { path, type, mode, uid, gid, size, mtime, mtimeNanoseconds, linkTarget, head };
    return {
      ...facts,
      userName,
      groupName,
      contentDigest,
      x: [...node.xattrs],
      e: [...node.extensions],
    };
  });
}

describe("the index of a layer", () => {
  it("keeps everything that an entry says, and the first bytes of its content", () => {
    const root = mergeLayers([index()]);
    const found = new Map(walkTree(root));
    const tool = found.get(b("/bin/tool"))!;
    expect(tool).toMatchObject({ ...metadata, type: "file", size: 18, head: "#!/bin/sh -e" });
    expect(tool.contentDigest).toBe(digestBytes(new TextEncoder().encode("#!/bin/sh -e\necho\n")));
    expect(found.get(b("/bin/program"))?.head).toBe(fromBytes(elf("riscv64")));
    expect(found.get(b("/text"))).toMatchObject({ head: undefined, mode: 0o600 });
    expect(found.get(b("/link"))).toMatchObject({
      type: "symlink",
      linkTarget: "bin/tool",
      size: 0,
    });
    expect(found.get(b("/bin"))?.contentDigest).toBeUndefined();
  });

  it("is the same after it was serialised and parsed, at any alignment", () => {
    const made = index();
    for (const offset of [0, 1, 4]) {
      const room = new Uint8Array(made.bytes.length + offset);
      room.set(made.bytes, offset);
      const read = parseLayerIndex(room.subarray(offset));
      expect(read && nodes(read)).toEqual(nodes(made));
    }
  });

  it("serialises to the same bytes every time", () => {
    expect(index().bytes).toEqual(index().bytes);
  });

  it("finds the ELF header and the `#!` line however the content is split into chunks", () => {
    const script = `#!/usr/bin/env -S ${"x".repeat(300)}\n`;
    const indexer = createLayerIndexer();
    for (const { entry, content } of [file("s", script), file("e", elf("arm64"))]) {
      indexer.entry(entry, { ordinal: 0, headerOffset: 0, contentOffset: 0, storedSize: 0 });
      for (const byte of content) indexer.data(new Uint8Array([byte]));
    }
    const found = new Map(walkTree(mergeLayers([indexer.finish()])));
    expect(found.get(b("/s"))?.head).toBe(script.slice(0, 256));
    expect(found.get(b("/e"))?.head).toBe(fromBytes(elf("arm64")));
  });

  it("hashes the holes of a file, but not terabytes of them", () => {
    const limits = { holeBytes: 100_000 };
    const position = { ordinal: 0, headerOffset: 0, contentOffset: 0, storedSize: 0 };
    const indexer = createLayerIndexer({ limits });
    const holes = [100_000, 2 ** 42];
    for (const [number, length] of holes.entries()) {
      const { entry } = file(`f${number}`);
      indexer.entry({ ...entry, size: length }, position);
      indexer.hole(length);
    }
    const found = new Map(walkTree(mergeLayers([indexer.finish()])));
    expect(found.get(b("/f0"))?.contentDigest).toBe(digestBytes(new Uint8Array(100_000)));
    expect(found.get(b("/f1"))).toMatchObject({ size: 2 ** 42, contentDigest: undefined });
  });

  it("keeps the numbers of devices, and ignores device numbers in the headers of other entries", () => {
    const numbers = { deviceMajor: 8, deviceMinor: 1 };
    const types = ["block", "fifo"] as const;
    const entries = [...types.map((type) => special(type, type, numbers)), file("x", "", numbers)];
    const tree = mergeLayers([indexTar(makeTar(entries))]);
    const kept = [...walkTree(tree)].map(([path, node]) => `${path} ${node.deviceMajor}`);
    expect(kept).toEqual(["/ 0", "/block 8", "/fifo 0", "/x 0"]);
  });

  it("limits the directories on the paths of entries, with or without entries of their own", () => {
    const deep = (count: number): LayerIndex =>
      indexTar(makeTar([file(`${"d/".repeat(count)}x`)]), {
        limits: { entries: 100 },
        what: "layer 3",
      });
    expect(deep(100).counts.directories).toBe(101);
    expect(() => deep(101)).toThrow(
      expect.objectContaining({
        code: "limit-exceeded",
        message: "layer 3: expected at most 100 directories that its paths go through, got more",
      }),
    );
  });

  it("has only an empty root when the layer is empty", () => {
    const empty = indexTar(makeTar([]));
    expect([...walkTree(mergeLayers([empty]))].map(([path]) => path)).toEqual(["/"]);
  });
});

describe("a serialised index", () => {
  it("is refused when its version is another, when it is cut short, or when any byte is changed", () => {
    const { bytes } = index();
    const damaged = (at: number, value: number): LayerIndex | undefined => {
      const copy = bytes.slice();
      copy[at] = value;
      return parseLayerIndex(copy);
    };
    expect(damaged(4, 99)).toBeUndefined();
    for (let at = 0; at < bytes.length; at += 7) {
      expect(damaged(at, bytes[at]! ^ 0xff), `byte ${at}`).toBeUndefined();
    }
    for (const length of [0, 3, 63, 64, 100, bytes.length - 1]) {
      expect(parseLayerIndex(bytes.slice(0, length)), `${length} bytes`).toBeUndefined();
    }
    expect(parseLayerIndex(new Uint8Array([...bytes, 0]))).toBeUndefined();
    expect(parseLayerIndex(bytes)).toBeDefined();
  });
});

describe("packed extended attributes", () => {
  it("are unpacked as they were, whatever bytes they hold", () => {
    const map = new Map([
      [b("a:1"), b("3:x")],
      [b(""), b("")],
      [b("n"), fromBytes(new Uint8Array([0, 10, 255]))],
    ]);
    expect([...unpackMap(packMap(map))]).toEqual([...map]);
    expect(packMap(new Map())).toBe("");
  });
});

describe("a layer with paths through directories that have no entry", () => {
  const indexOf = (items: Parameters<typeof makeTar>[0], limits: Partial<Limits> = {}) =>
    indexTar(makeTar(items), { limits });
  const deepTar = (levels: number) => [file(`${"a/".repeat(levels)}x`)];

  it("is refused when the paths of those directories are far longer than the layer: 218 bytes made 900 MB", () => {
    const details = expect.objectContaining({ limit: "impliedPathBytes" }) as object;
    const refusal = { code: "limit-exceeded", details };
    expect(() => indexOf(deepTar(30_000))).toThrow(expect.objectContaining(refusal));
    expect(indexOf(deepTar(2_000)).counts.directories).toBe(2_001);
    const limits = { impliedPathBytes: 1e9 };
    expect(indexOf(deepTar(30_000), limits).counts.directories).toBe(30_001);
  });

  it("is not limited by directories that have entries", () => {
    const stated = Array.from({ length: 1_000 }, (_, at) => directory("a/".repeat(at + 1)));
    expect(indexOf(stated, { impliedPathBytes: 1000 }).counts.records).toBe(1_000);
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  directory,
  file,
  hardlink,
  indexTar,
  makeTar,
  symlink,
} from "../../../test/fixtures/layers.ts";
import { sparseEntry } from "../../../test/fixtures/sparse-file.ts";
import { fromBytes } from "../../bytes/byte-string.ts";
import { rawEntry, rawTar } from "../../testing/raw-tar.ts";
import { storedLength } from "../contents/stored-content.ts";
import { findStored } from "./find-stored.ts";
import { createLayerIndexer } from "./index-builder.ts";
import type { LayerIndex } from "./layer-index.ts";
import { parseLayerIndex } from "./serialised-index.ts";

const EXTENTS = [
  [2, "ab"],
  [4, "cd"],
  [9, "e"],
] as const;

function storedOf(index: LayerIndex): unknown[] {
  return Array.from({ length: index.counts.records }, (_, record) => findStored(index, record));
}

describe("where a layer's index says that file contents lie", () => {
  it("is where their bytes are in the tar", () => {
    const path = `${"long/".repeat(30)}file`;
    const tar = makeTar([
      directory("d"),
      file("d/a", "one"),
      file(path, "x".repeat(1000)),
      file("z", "last"),
    ]);
    const index = indexTar(tar);
    const contents = [1, 2, 3].map((record) => {
      const stored = findStored(index, record)!;
      return fromBytes(tar.subarray(stored.offset, stored.offset + storedLength(stored)));
    });
    expect(contents).toEqual(["one", "x".repeat(1000), "last"]);
  });

  it("is undefined for everything that is not a file", () => {
    const tar = makeTar([directory("d"), symlink("l", "d"), file("f", "1"), hardlink("h", "f")]);
    const [none, link, found, hard] = storedOf(indexTar(tar));
    expect([none, link, hard]).toEqual([undefined, undefined, undefined]);
    expect(found).toEqual({ offset: 3 * 512, extents: [0, 1] });
  });

  it("includes the parts of a sparse file, also after the index was serialised and parsed", () => {
    const before = rawEntry({ name: "before" }, "b");
    const tar = rawTar(before, sparseEntry("s", EXTENTS, 12), sparseEntry("hole", [], 7), before);
    const index = indexTar(tar);
    const [first, sparse, hole, last] = storedOf(parseLayerIndex(index.bytes)!);
    expect(first).toEqual({ offset: 512, extents: [0, 1] });
    expect(sparse).toMatchObject({ extents: [2, 4, 9, 1] });
    const { offset } = sparse as { offset: number };
    expect(fromBytes(tar.subarray(offset, offset + 5))).toBe("abcde");
    expect(hole).toMatchObject({ extents: [7, 0] });
    expect(last).toMatchObject({ extents: [0, 1] });
    expect(index.counts.extents).toBe(3);
  });

  it("is right beyond 4 GiB", () => {
    const indexer = createLayerIndexer();
    const { entry } = file("f");
    const position = { ordinal: 0, headerOffset: 2 ** 40 - 512, contentOffset: 2 ** 40 };
    indexer.entry({ ...entry, size: 2 ** 33 + 1 }, { ...position, storedSize: 1 });
    indexer.hole(2 ** 33);
    indexer.data(new Uint8Array(1));
    expect(findStored(indexer.finish(), 0)).toEqual({ offset: 2 ** 40, extents: [2 ** 33, 1] });
  });

  it("is missing for sparse files beyond the limit on parts, and present for the files before and after", () => {
    const entries = ["s", "t", "u"].map((name) => sparseEntry(name, EXTENTS, 12));
    entries.push(rawEntry({ name: "f" }, "1"));
    const [first, ...others] = storedOf(
      indexTar(rawTar(...entries), { limits: { sparseExtents: 3 } }),
    );
    expect(first).toMatchObject({ extents: [2, 4, 9, 1] });
    expect(others.slice(0, 2)).toEqual([undefined, undefined]);
    expect(others[2]).toMatchObject({ extents: [0, 1] });
  });

  it("takes eight bytes for each record, and no more when no file is sparse", () => {
    const { counts, columns } = indexTar(makeTar([file("a", "1"), file("b", "2")]));
    expect(counts.extents).toBe(0);
    expect(columns.contentOffset.byteLength).toBe(16);
  });
});

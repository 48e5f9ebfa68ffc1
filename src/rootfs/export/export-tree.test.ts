// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  directory,
  file,
  hardlink,
  indexTar,
  makeImage,
  makeTar,
  mergeImage,
  special,
  symlink,
  whiteout,
  type Piece,
} from "../../../test/fixtures/layers.ts";
import { layerStacks } from "../../../test/fixtures/random-layers.ts";
import { toText } from "../../bytes/byte-string.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { readImage } from "../../image/image.ts";
import { isOciError } from "../../oci/errors.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import type { ContentStore } from "../../store/store.ts";
import { buildImage, type LayerFiles } from "../../testing/build-image.ts";
import { listLayer, type ListedEntry } from "../../testing/list-layer.ts";
import { compareTrees } from "../compare/compare-trees.ts";
import { exportTree } from "./export-tree.ts";
import {
  makeImageFilesystem,
  openImageFilesystem,
  type ImageFilesystem,
} from "../image-filesystem.ts";

async function exported(root: ImageFilesystem): Promise<Uint8Array> {
  return readAll(exportTree(root), 64 * 1024 * 1024, "exported");
}

async function entriesOf(...layers: readonly (readonly Piece[])[]): Promise<ListedEntry[]> {
  return listLayer(await exported(await mergeImage(layers)));
}

function lines(entries: readonly ListedEntry[]): string[] {
  return entries.map(({ entry: { path, linkTarget }, content }) =>
    [
      path,
      ...(linkTarget === "" ? [] : ["->", linkTarget]),
      ...(content ? ["=", content] : []),
    ].join(" "),
  );
}

/** The filesystem that the exported tar has when it is an image's only layer. */
async function reread(root: ImageFilesystem): Promise<ImageFilesystem> {
  const index = indexTar(await exported(root));
  return makeImageFilesystem(root.image, [index]);
}

/** A memory store that records which blobs are read. */
function watched(): { store: ContentStore; read: string[] } {
  const inner = createMemoryStore();
  const read: string[] = [];
  const fetch: ContentStore["fetch"] = (descriptor, options) => {
    read.push(descriptor.digest);
    return inner.fetch(descriptor, options);
  };
  return { store: { ...inner, fetch }, read };
}

describe("exportTree", () => {
  it("writes layer by layer, in the order of each layer, and parents first", async () => {
    const tar = await entriesOf(
      [file("usr/lib/z", "z"), directory("usr/"), file("a", "a"), directory("var/")],
      [file("etc/b", "b"), symlink("usr/bin", "/b"), special("fifo", "usr/pipe")],
    );
    expect(lines(tar)).toEqual([
      "usr/",
      "usr/lib/",
      "usr/lib/z = z",
      "a = a",
      "var/",
      "etc/",
      "etc/b = b",
      "usr/bin -> /b",
      "usr/pipe",
    ]);
  });

  it("writes no whiteouts, and nothing that a whiteout removed", async () => {
    const tar = await entriesOf(
      [file("a/b", "1"), file("c/d", "2"), file("e", "3")],
      [whiteout("a/.wh.b"), whiteout("c/.wh..wh..opq"), file("c/f", "4"), whiteout(".wh.e")],
    );
    expect(lines(tar)).toEqual(["c/", "c/f = 4", "a/"]);
  });

  it("gives a directory the metadata of the topmost layer that names it, ahead of its contents", async () => {
    const tar = await entriesOf(
      [directory("d/", { mode: 0o700, uid: 1 }), file("d/a", "1")],
      [directory("d/", { mode: 0o1777, uid: 2, mtime: 9 })],
    );
    expect(tar[0]!.entry).toMatchObject({ path: "d/", mode: 0o1777, uid: 2, mtime: 9 });
    expect(lines(tar)).toEqual(["d/", "d/a = 1"]);
  });

  it("writes the root only when a layer has an entry for it", async () => {
    expect(lines(await entriesOf([file("a", "1")]))).toEqual(["a = 1"]);
    const tar = await entriesOf([file("a", "1")], [directory("./", { mode: 0o700 })]);
    expect(lines(tar)).toEqual(["a = 1", "./"]);
    expect(tar[1]!.entry.mode).toBe(0o700);
  });

  it("writes every directory on a deep path once", async () => {
    const deep = "d/".repeat(2_000);
    const tar = await entriesOf([file(`${deep}f`, "1")]);
    expect(tar).toHaveLength(2_001);
  });

  it("keeps a lower layer's content when an upper layer hard-links to it", async () => {
    const tar = await entriesOf(
      [file("z", "content", { uid: 5 })],
      [hardlink("a", "z"), hardlink("b/c", "a")],
    );
    expect(lines(tar)).toEqual(["a = content", "b/", "b/c -> a", "z -> a"]);
    expect(tar[0]!.entry.uid).toBe(5);
  });

  it("keeps the old content under the other name of an overwritten file", async () => {
    const tar = await entriesOf([file("a", "old"), hardlink("b", "a")], [file("a", "new")]);
    expect(lines(tar)).toEqual(["b = old", "a = new"]);
  });

  it("keeps hard links of links, devices and fifos too", async () => {
    const device = { deviceMajor: 1, deviceMinor: 3 };
    const tar = await entriesOf(
      [special("character", "null", device), symlink("l", "x")],
      [hardlink("m", "l"), hardlink("zero", "null")],
    );
    expect(lines(tar)).toEqual(["null", "zero -> null", "l -> x", "m -> l"]);
  });

  it("reads only the layers that hold content of the tree, each once", async () => {
    const { store, read } = watched();
    const layers = [
      [file("a", "1"), file("b", "2")],
      [file("gone", "3")],
      [whiteout(".wh.gone"), symlink("l", "a"), file("empty")],
    ];
    const image = await makeImage(layers, { store });
    const root = await openImageFilesystem(image);
    read.length = 0;
    expect(lines(listLayer(await exported(root)))).toEqual(["a = 1", "b = 2", "l -> a", "empty"]);
    expect(read).toEqual([image.manifest.value.layers[0]!.digest]);
  });

  it("reports every entry, and reads nothing before the tar is read", async () => {
    const root = await mergeImage([[file("a/b", "12"), hardlink("c", "a/b")]]);
    const told: [string, number][] = [];
    const tar = exportTree(root, { onEntry: (path, size) => told.push([toText(path), size]) });
    expect(told).toEqual([]);
    await readAll(tar, 1 << 20, "tar");
    expect(told).toEqual([
      ["/a", 0],
      ["/a/b", 2],
      ["/c", 0],
    ]);
  });

  it("ends with an error at the end of a layer that does not match its diffID", async () => {
    const image = await makeImage([[file("a", "1")]]);
    const root = await openImageFilesystem(image);
    const other = await makeImage([[file("a", "2")]]);
    const fetch: ContentStore["fetch"] = () => other.store.fetch(other.manifest.value.layers[0]!);
    const store = { ...image.store, fetch };
    const damaged: ImageFilesystem = { ...root, image: { ...image, store } };
    await expect(exported(damaged)).rejects.toMatchObject({ code: "diff-id-mismatch" });
  });

  it("refuses an index that names entries which the layer does not have", async () => {
    const image = await makeImage([[file("a", "1")]]);
    const index = indexTar(makeTar([file("a", "1"), file("b", "2")]));
    await expect(exported(makeImageFilesystem(image, [index]))).rejects.toMatchObject({
      code: "invalid-layer",
      message: expect.stringContaining("expected 2 entries that its index names, got 1") as string,
    });
  });

  it("stops when it is aborted", async () => {
    const root = await mergeImage([[file("a", "1")]]);
    const tar = exportTree(root, { signal: AbortSignal.abort() });
    await expect(readAll(tar, 1 << 20, "tar")).rejects.toThrow();
  });

  it("reproduces the tree, whatever the layers did to each other", async () => {
    let trees = 0;
    await fc.assert(
      fc.asyncProperty(layerStacks(), async (stack) => {
        const root = await openStack(stack);
        if (root === undefined) return;
        const again = await reread(root);
        const { compared, differences, undecided } = compareTrees(root, again);
        expect({ differences, undecided }).toEqual({ differences: [], undecided: [] });
        expect(compared).toBeGreaterThan(0);
        trees += 1;
        const names = listLayer(await exported(root)).map(({ entry }) => entry.path);
        expect(new Set(names).size).toBe(names.length);
      }),
      { numRuns: 100 },
    );
    expect(trees).toBeGreaterThan(70);
  });
});

/** The merged tree; undefined for the few stacks of layers that cannot be merged. */
async function openStack(stack: readonly LayerFiles[]): Promise<ImageFilesystem | undefined> {
  const store = createMemoryStore();
  const { descriptor } = await buildImage(store, { layers: stack });
  try {
    return await openImageFilesystem(await readImage(store, descriptor));
  } catch (error) {
    if (isOciError(error, "invalid-layer", "link-loop", "path-escape")) return undefined;
    throw error;
  }
}

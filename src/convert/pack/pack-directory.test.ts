// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decompress } from "../../bytes/compression.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { readImage, type Image } from "../../image/image.ts";
import { layerCompression } from "../../oci/media-types.ts";
import { compareTrees } from "../../rootfs/compare/compare-trees.ts";
import { openImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import type { RootedStore } from "../../store/store.ts";
import { buildImage } from "../../testing/build-image.ts";
import { listLayer } from "../../testing/list-layer.ts";
import { openUnpacked } from "../../disk/sidecar/open-unpacked.ts";
import { packDirectory } from "./pack-directory.ts";
import type { PackOptions } from "./pack-options.ts";

let base: string;
let directory: string;
let store: RootedStore;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "oci-kit-pack-"));
  directory = join(base, "root");
  store = createMemoryStore();
  fs.mkdirSync(directory, { mode: 0o755 });
});
afterEach(() => fs.rmSync(base, { recursive: true, force: true }));

const at = (path: string): string => join(directory, path);
const YEAR_2001 = new Date("2001-09-09T01:46:40Z");

function write(path: string, content: string, mode = 0o644): void {
  fs.mkdirSync(join(at(path), ".."), { recursive: true });
  fs.writeFileSync(at(path), content, { mode });
}

/** Gives everything one time, so that two directories made alike are alike. */
function settleTimes(): void {
  for (const name of fs.readdirSync(directory, { recursive: true }) as string[]) {
    fs.lutimesSync(at(name), YEAR_2001, YEAR_2001);
  }
  fs.utimesSync(directory, YEAR_2001, YEAR_2001);
}

async function pack(options: PackOptions = {}): Promise<Image> {
  const { image } = await packDirectory(directory, store, options);
  return readImage(store, image!);
}

async function entriesOf({ manifest }: Image, layer = 0): Promise<ReturnType<typeof listLayer>> {
  const descriptor = manifest.value.layers[layer]!;
  const bytes = decompress(store.fetch(descriptor), layerCompression(descriptor.mediaType)!);
  return listLayer(await readAll(bytes, 1e8, "layer"));
}

async function pathsIn(image: Image, layer = 0): Promise<string[]> {
  return (await entriesOf(image, layer)).map(({ entry }) => entry.path);
}

describe("a directory, packed", () => {
  it("is one layer, parents first, names in order of their bytes", async () => {
    write("b", "1");
    write("a/z", "22");
    write("a-b", "");
    fs.symlinkSync("/nowhere", at("a/link"));
    fs.linkSync(at("a/z"), at("c"));
    const result = await packDirectory(directory, store);
    const image = await readImage(store, result.image!);
    const entries = await entriesOf(image);
    expect(
      entries.map(({ entry, content }) => [entry.type, entry.path, entry.linkTarget, content]),
    ).toEqual([
      ["directory", "./", "", ""],
      ["directory", "a/", "", ""],
      ["symlink", "a/link", "/nowhere", ""],
      ["file", "a/z", "", "22"],
      ["file", "a-b", "", ""],
      ["file", "b", "", "1"],
      ["hardlink", "c", "a/z", ""],
    ]);
    expect(result).toMatchObject({ entries: 7, bytes: 3, changes: [], skipped: [] });
    expect(result.layers.map(({ diffId }) => diffId)).toEqual(image.config.value.rootfs.diff_ids);
  });

  it("keeps the root's own mode and time, and nanoseconds", async () => {
    fs.chmodSync(directory, 0o2750);
    fs.utimesSync(directory, 1.5, 1.5);
    const [root] = await entriesOf(await pack());
    expect(root!.entry).toMatchObject({
      path: "./",
      mode: 0o2750,
      mtime: 1,
      mtimeNanoseconds: 5e8,
    });
  });

  it("is the same for the same tree, at any time", async () => {
    write("a", "1");
    settleTimes();
    const first = await pack();
    fs.rmSync(directory, { recursive: true });
    fs.mkdirSync(directory, { mode: 0o755 });
    write("a", "1");
    settleTimes();
    expect((await pack()).descriptor.digest).toBe(first.descriptor.digest);
  });

  it("is an image for this machine's processor, or for the platform that is told, of 1970 or a time", async () => {
    const own = (await pack()).config.value;
    expect(own).toMatchObject({ os: "linux", created: "1970-01-01T00:00:00Z" });
    expect(own.architecture).not.toBe("x64");
    const platform = { os: "linux", architecture: "riscv64" };
    const told = (await pack({ platform, created: 86_400 })).config.value;
    expect(told).toMatchObject({ ...platform, created: "1970-01-02T00:00:00Z" });
    expect(told.history).toEqual([{ created: "1970-01-02T00:00:00Z", created_by: "oci-kit pack" }]);
  });

  it("can be compressed with zstd", async () => {
    write("a", "1");
    const image = await pack({ compression: "zstd" });
    expect(image.manifest.value.layers[0]!.mediaType).toMatch(/\+zstd$/);
    expect(await pathsIn(image)).toEqual(["./", "a"]);
  });

  it("gets its tag, or is a root without one", async () => {
    const { descriptor } = await pack({ tag: "v1" });
    expect((await store.resolve("v1")).digest).toBe(descriptor.digest);
    write("a", "1");
    const other = await pack();
    const roots = await store.capabilities.roots();
    expect(roots.map(({ digest }) => digest)).toContain(other.descriptor.digest);
  });

  it("leaves sockets out, and says so", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
    const { image, skipped } = await packDirectory(directory, store);
    await new Promise((resolve) => server.close(resolve));
    expect(skipped).toEqual([
      { path: "/socket", reason: expect.stringContaining("socket") as string },
    ]);
    expect(await pathsIn(await readImage(store, image!))).toEqual(["./"]);
  });

  it("takes owners as a map has them, and refuses one that is in no range", async () => {
    write("a", "1");
    fs.linkSync(at("a"), at("b"));
    const { uid, gid } = fs.statSync(at("a"));
    const uidMap = [{ image: 1000, disk: uid, size: 1 }];
    const gidMap = [{ image: 2000, disk: gid, size: 1 }];
    const entries = await entriesOf(await pack({ uidMap, gidMap }));
    expect(entries.map(({ entry }) => [entry.type, entry.uid, entry.gid])).toEqual([
      ["directory", 1000, 2000],
      ["file", 1000, 2000],
      ["hardlink", 1000, 2000],
    ]);
    const other = [{ image: 0, disk: uid + 1, size: 1 }];
    await expect(pack({ uidMap: other })).rejects.toThrow("in one of the ranges");
  });

  it("is refused when a file's name means a removal in a layer", async () => {
    write("d/.wh.x", "");
    await expect(pack()).rejects.toMatchObject({ code: "unsupported-operation" });
  });

  it("may have a directory that is called like a whiteout", async () => {
    write(".wh.etc/x", "");
    expect(await pathsIn(await pack())).toEqual(["./", ".wh.etc/", ".wh.etc/x"]);
  });

  it("is only looked at in a dry run", async () => {
    write("d/a", "123");
    const result = await packDirectory(directory, store, { dryRun: true, tag: "v1" });
    expect(result).toMatchObject({ image: undefined, layers: [], entries: 3, bytes: 3 });
    expect(result.changes).toEqual([
      { change: "added", path: "/" },
      { change: "added", path: "/d" },
      { change: "added", path: "/d/a" },
    ]);
    expect(await store.capabilities.tags()).toEqual([]);
  });

  it("stops when it is asked to, and leaves nothing", async () => {
    write("a", "x");
    const signal = AbortSignal.abort();
    await expect(pack({ signal, tag: "v1" })).rejects.toMatchObject({ code: "aborted" });
    expect(await store.capabilities.tags()).toEqual([]);
  });

  it("is refused when options clash", async () => {
    const image = await pack();
    await expect(pack({ base: image, exact: true })).rejects.toThrow("exact or a base");
    const platform = { os: "linux", architecture: "arm64" };
    await expect(pack({ base: image, platform })).rejects.toThrow("a platform or a base");
    await expect(pack({ exact: true })).rejects.toThrow("got no sidecar");
  });
});

describe("a directory, packed on a base", () => {
  let image: Image;

  beforeEach(async () => {
    write("kept", "kept");
    write("d/changed", "before");
    write("d/removed", "x");
    write("gone/deep/file", "x");
    write("to-directory", "x");
    write("to-file/child", "x");
    write("links/one", "linked");
    fs.linkSync(at("links/one"), at("links/two"));
    settleTimes();
    image = await pack();
  });

  /** The new layer's paths; the image with it, applied, is the directory. */
  async function changedPaths(): Promise<string[]> {
    const result = await packDirectory(directory, store, { base: image });
    const packed = await readImage(store, result.image!);
    const root = openUnpacked(directory);
    try {
      const { differences, undecided } = compareTrees(await openImageFilesystem(packed), root);
      expect({ differences, undecided }).toEqual({ differences: [], undecided: [] });
    } finally {
      root.close();
    }
    const layers = packed.config.value.rootfs.diff_ids.length;
    expect(packed.manifest.value.layers.slice(0, 1)).toEqual(image.manifest.value.layers);
    expect(packed.config.value.history).toHaveLength(layers);
    return layers === 1 ? [] : pathsIn(packed, 1);
  }

  it("is the base itself when nothing changed, in another store too", async () => {
    const other = createMemoryStore();
    const result = await packDirectory(directory, other, { base: image, tag: "v1" });
    expect(result).toMatchObject({ layers: [], entries: 0, changes: [] });
    expect((await other.resolve("v1")).digest).toBe(image.descriptor.digest);
    const [layer] = image.manifest.value.layers;
    expect(await other.exists(layer!)).toBe(true);
  });

  it("has what was added, with the directory whose time that changed", async () => {
    write("d/added", "new");
    expect(await changedPaths()).toEqual(["d/", "d/added"]);
  });

  it("has a changed file whole, of the same size and time too", async () => {
    fs.writeFileSync(at("d/changed"), "after!");
    fs.utimesSync(at("d/changed"), YEAR_2001, YEAR_2001);
    const [entry] = await entriesOfChange();
    expect(entry).toMatchObject({ entry: { path: "d/changed" }, content: "after!" });
  });

  async function entriesOfChange(): Promise<ReturnType<typeof listLayer>> {
    const { image: packed } = await packDirectory(directory, store, { base: image });
    return entriesOf(await readImage(store, packed!), 1);
  }

  it("has a file whose mode changed, whole", async () => {
    fs.chmodSync(at("kept"), 0o600);
    expect(await changedPaths()).toEqual(["kept"]);
    expect((await entriesOfChange())[0]).toMatchObject({ content: "kept", entry: { mode: 0o600 } });
  });

  it("has one removal for a file, and one for a whole directory", async () => {
    fs.rmSync(at("d/removed"));
    fs.rmSync(at("gone"), { recursive: true });
    settleTimes();
    expect(await changedPaths()).toEqual(["d/.wh.removed", ".wh.gone"]);
  });

  it("has a directory in place of a file and a file in place of a directory, and no removals below", async () => {
    fs.rmSync(at("to-directory"));
    write("to-directory/x", "x");
    fs.rmSync(at("to-file"), { recursive: true });
    fs.writeFileSync(at("to-file"), "x");
    settleTimes();
    expect(await changedPaths()).toEqual(["to-directory/", "to-directory/x", "to-file"]);
  });

  it("has all names of a file of which one changed", async () => {
    fs.appendFileSync(at("links/two"), "!");
    fs.linkSync(at("links/one"), at("links/three"));
    settleTimes();
    const entries = await entriesOfChange();
    expect(entries.map(({ entry }) => [entry.type, entry.path, entry.linkTarget])).toEqual([
      ["file", "links/one", ""],
      ["hardlink", "links/three", "links/one"],
      ["hardlink", "links/two", "links/one"],
    ]);
    expect(await changedPaths()).toHaveLength(3);
  });

  it("has both names of a file when they are no longer one", async () => {
    fs.rmSync(at("links/two"));
    write("links/two", "linked");
    settleTimes();
    expect(await changedPaths()).toEqual(["links/one", "links/two"]);
  });

  it("has the removal of a file in whose place a socket is", async () => {
    fs.rmSync(at("kept"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at("kept"), resolve));
    fs.utimesSync(directory, YEAR_2001, YEAR_2001);
    const { changes, skipped } = await packDirectory(directory, store, { base: image });
    await new Promise((resolve) => server.close(resolve));
    expect(changes).toEqual([{ change: "removed", path: "/kept" }]);
    expect(skipped).toHaveLength(1);
  });

  it("keeps the settings, the annotations and the history of the base", async () => {
    const settings = { User: "me", Env: ["A=1"] };
    const annotations = { "org.example": "x" };
    const spec = { layers: [{ a: "a" }], config: settings, annotations };
    const { descriptor } = await buildImage(store, spec);
    image = await readImage(store, descriptor);
    const { image: packed } = await packDirectory(directory, store, { base: image, created: 5 });
    const { config, manifest } = await readImage(store, packed!);
    expect(config.value.config).toEqual(settings);
    expect(manifest.value.annotations).toEqual(annotations);
    expect(config.value.created).toBe("1970-01-01T00:00:05Z");
    expect(config.value.history?.map((step) => step.created_by)).toEqual(["test", "oci-kit pack"]);
  });

  it("tells what changed, and in a dry run nothing more", async () => {
    fs.rmSync(at("d/removed"));
    write("d/\u001b[31m", "x");
    const result = await packDirectory(directory, store, { base: image, dryRun: true });
    expect(result.image).toBeUndefined();
    expect(result.changes).toEqual([
      { change: "changed", path: "/d" },
      { change: "added", path: "/d/\\x1b[31m" },
      { change: "removed", path: "/d/removed" },
    ]);
    expect(result.entries).toBe(3);
  });

  it("is refused when a directory called like a whiteout is to be removed", async () => {
    write(".wh.etc/x", "");
    image = await pack();
    fs.rmSync(at(".wh.etc"), { recursive: true });
    await expect(pack({ base: image })).rejects.toMatchObject({ code: "unsupported-operation" });
  });
});

// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noiseOf } from "../../test/fixtures/dpkg-image.ts";
import {
  b,
  directory,
  file,
  hardlink,
  makeImage,
  special,
  symlink,
  type Piece,
} from "../../test/fixtures/layers.ts";
import { layerStacks } from "../../test/fixtures/random-layers.ts";
import {
  rechunk,
  treeDifferences,
  type RechunkedForTest,
  type RechunkForTestOptions,
} from "../../test/fixtures/rechunking.ts";
import { readImage, type Image } from "../image/image.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import { isOciError } from "../oci/errors.ts";
import { openImageFilesystem } from "../rootfs/image-filesystem.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import type { ContentStore } from "../store/store.ts";
import { buildImage, type LayerFiles } from "../testing/build-image.ts";

const arguments_ = fc.tuple(layerStacks(), layerStacks(), fc.integer({ min: 2, max: 9 }));

describe("rechunking an image", () => {
  it("gives the same tree as the source, for any two images one after the other", async () => {
    let rechunked = 0;
    const property = fc.asyncProperty(arguments_, async ([one, two, maxLayers]) => {
      const [before, after] = [await mergeable(one), await mergeable(two)];
      if (before === undefined || after === undefined) return;
      const store = createMemoryStore();
      const first = await rechunk(before, { maxLayers, store });
      expect(await treeDifferences(before, first.image)).toEqual([]);
      const next = { maxLayers, store, previous: first.image };
      const exact = await rechunk(after, { ...next, exactTimes: true });
      expect(await treeDifferences(after, exact.image)).toEqual([]);
      const second = await rechunk(after, next);
      expect(await treeDifferences(after, second.image, ["time"])).toEqual([]);
      expect(second.layers.length).toBeLessThanOrEqual(maxLayers);
      const again = await rechunk(after, { ...next, previous: second.image });
      expect(again.image.descriptor.digest).toBe(second.image.descriptor.digest);
      rechunked += 1;
    });
    await fc.assert(property, { numRuns: 50 });
    expect(rechunked).toBeGreaterThan(15);
  });
});

/** The image of some layers; undefined where they are none that can be merged. */
async function mergeable(layers: readonly LayerFiles[]): Promise<Image | undefined> {
  const store = createMemoryStore();
  const { descriptor } = await buildImage(store, { layers });
  const image = await readImage(store, descriptor);
  try {
    await openImageFilesystem(image);
    return image;
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}

/** The image and a later one, rechunked one after the other. */
async function update(
  before: readonly Piece[],
  after: readonly Piece[],
  options: RechunkForTestOptions = {},
): Promise<RechunkedForTest & { readonly source: Image; readonly first: RechunkedForTest }> {
  const store = createMemoryStore();
  const first = await rechunk(await makeImage([before]), { ...options, store });
  const source = await makeImage([after]);
  return {
    source,
    first,
    ...(await rechunk(source, { ...options, store, previous: first.image })),
  };
}

const OLD = { mtime: 10 };
const NEW = { mtime: 20 };
const BIG = "0123456789".repeat(20_000);

describe("what a later version of an image sends", () => {
  it("keeps a file with its old time, and has the new one where times are exact", async () => {
    const [before, after] = [[file("a/f", BIG, OLD)], [file("a/f", BIG, NEW)]] as const;
    const kept = await update(before, after);
    expect(kept.newBytes).toBe(0);
    expect(await treeDifferences(kept.source, kept.image)).toEqual([
      "/a/f: time: expected 20.000000000, got 10.000000000",
    ]);
    const exact = await update(before, after, { exactTimes: true });
    expect(await treeDifferences(exact.source, exact.image)).toEqual([]);
  });

  it("is kept when it is made again, where the image before had no small components and few layers are allowed", async () => {
    const options = { maxLayers: 3, store: createMemoryStore() };
    const first = await rechunk(await makeImage([[file("a", BIG)]]), options);
    const after = await makeImage([[file("a/a", "")]]);
    const second = await rechunk(after, { ...options, previous: first.image });
    const again = await rechunk(after, { ...options, previous: second.image });
    expect(again.image.descriptor.digest).toBe(second.image.descriptor.digest);
  });

  it("keeps what did not change where large components share layers and all groups are taken", async () => {
    const large = (path: string, what: string): Piece => file(path, what.repeat(9 * 1024 * 1024));
    const names = [..."abcdefgh"].map((name) => `opt/${name}/f`);
    const pieces = (changed: string): Piece[] => [
      ...names.map((path, at) => large(path, at % 3 === 0 ? changed : "x")),
      file("opt/large/f", "y".repeat(40 * 1024 * 1024)),
    ];
    const { first, layers } = await update(pieces("1"), pieces("2"), { maxLayers: 5 });
    const whichHold = (some: typeof layers): readonly string[] => some.map(({ group }) => group);
    expect(whichHold(first.layers)).toContain("/opt/large");
    expect(layers.length).toBeLessThanOrEqual(5);
    expect(whichHold(layers.filter(({ kind }) => kind === "kept"))).toContain("/opt/large");
  });

  it("sends the source of a compiled file of Python too, since that names the source's time", async () => {
    const pieces = (time: typeof OLD, compiled: string): Piece[] => [
      file("usr/lib/m.py", "m", time),
      file("usr/lib/n.py", "n", time),
      file("usr/lib/large", BIG),
      file("usr/lib/__pycache__/m.cpython-313.pyc", compiled, time),
    ];
    const { source, image } = await update(pieces(OLD, "1"), pieces(NEW, "2"));
    const differing = await treeDifferences(source, image);
    expect(differing.map((line) => line.split(":")[0])).toEqual(["/usr/lib/n.py"]);
  });

  it("keeps hard links with their file, and makes them again where one of them changed", async () => {
    const links = [file("a/f", BIG), hardlink("b/g", "a/f"), hardlink("c/h", "a/f")];
    const same = await update(links, [...links, file("d/x", "1")]);
    expect(await treeDifferences(same.source, same.image)).toEqual([]);
    expect(same.newBytes).toBeLessThan(1_000);
    const split = await update(links, [file("a/f", BIG), hardlink("b/g", "a/f"), file("c/h", BIG)]);
    expect(await treeDifferences(split.source, split.image)).toEqual([]);
    const joined = await update([file("a/f", BIG), file("b/g", BIG)], links.slice(0, 2));
    expect(await treeDifferences(joined.source, joined.image)).toEqual([]);
  });

  it("removes what is gone, and replaces directories by links and links by directories", async () => {
    const before = [
      directory("bin"),
      file("bin/x", BIG),
      symlink("lib", "usr/lib"),
      file("usr/lib/y", "2"),
      file("usr/z", BIG),
    ];
    const after = [
      symlink("bin", "usr/bin"),
      file("usr/bin/x", BIG),
      directory("lib", { mode: 0o700 }),
      file("lib/y", "3"),
      file("usr/z", BIG),
    ];
    const { source, image } = await update(before, after);
    expect(await treeDifferences(source, image)).toEqual([]);
  });

  it("keeps devices, attributes, owners, and the metadata of directories that several groups share", async () => {
    const xattrs = new Map([[b("security.capability"), b("\u0001\u0000\u00ff")]]);
    const all = (mode: number): Piece[] => [
      directory("d", { mode, uid: 7 }),
      file("d/one/a", BIG, { xattrs, uid: 3_000_000 }),
      file("d/two/b", BIG, { mode: 0o4755 }),
      special("character", "d/null", { deviceMajor: 1, deviceMinor: 3 }),
      special("fifo", "d/pipe"),
      directory("d/empty", { mode: 0o1777 }),
    ];
    const { source, image, newBytes } = await update(all(0o755), all(0o750));
    expect(await treeDifferences(source, image)).toEqual([]);
    expect(newBytes).toBeLessThan(1_000);
  });
});

describe("a rechunked image", () => {
  it("has the configuration and the history of the source, with a step for each layer", async () => {
    const { image } = await rechunk(await makeImage([[file("a", "1")]], { environment: ["A=b"] }));
    const { config, history, rootfs } = image.config.value;
    expect(config?.Env).toEqual(["A=b"]);
    expect(history?.filter(({ empty_layer }) => empty_layer !== true)).toHaveLength(
      rootfs.diff_ids.length,
    );
  });

  it("names the image whose layers it kept, and stays the same when it is made again", async () => {
    const { first, image, source } = await update(
      [file("a", BIG), file("b/c", "1")],
      [file("a", BIG), file("b/c", "2")],
    );
    const previous = image.manifest.value.annotations?.[AnnotationKey.previousImage];
    expect(previous).toBe(first.image.descriptor.digest);
    const again = await rechunk(source, { previous: image, store: image.store as ContentStore });
    expect(again.image.descriptor.digest).toBe(image.descriptor.digest);
    const itself = await rechunk(image, { previous: image, store: image.store as ContentStore });
    expect(itself.image.descriptor.digest).toBe(image.descriptor.digest);
  });

  it("cuts a group where its layer would be larger than a registry takes", async () => {
    const pieces = [...Array(9).keys()].map((at) =>
      file(`opt/x/${at}`, noiseOf(String(at), 40_000)),
    );
    const { layers, image } = await rechunk(await makeImage([pieces]), { layerBytes: 100_000 });
    expect(layers.length).toBeGreaterThan(4);
    expect(Math.max(...layers.map(({ descriptor }) => descriptor.size))).toBeLessThan(100_000);
    expect(image.manifest.value.layers).toHaveLength(layers.length);
  });

  it("keeps no layer of an image that was not rechunked", async () => {
    const foreign = await makeImage([[file("a", BIG)]]);
    const { layers, previous } = await rechunk(foreign, { previous: foreign });
    expect(previous).toBeUndefined();
    expect(layers.every(({ kind }) => kind === "new")).toBe(true);
  });
});

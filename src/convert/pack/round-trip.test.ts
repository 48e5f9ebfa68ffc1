// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromText, toBytes, type ByteString } from "../../bytes/byte-string.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { readImage, type Image } from "../../image/image.ts";
import type { Entry } from "../../layer/entry.ts";
import { makeEntry, type EntryInit } from "../../layer/make-entry.ts";
import { diffIdOf } from "../../oci/digest.ts";
import { MediaType } from "../../oci/media-types.ts";
import { compareTrees } from "../../rootfs/compare/compare-trees.ts";
import { openImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import type { RootedStore } from "../../store/store.ts";
import { pushDocument } from "../../testing/build-image.ts";
import { layerOf } from "../../testing/list-layer.ts";
import { rawEntry, rawTar } from "../../testing/raw-tar.ts";
import { openUnpacked } from "../../disk/sidecar/open-unpacked.ts";
import type { UnpackOptions } from "../unpack/unpack-options.ts";
import { unpack } from "../unpack/unpack.ts";
import { packDirectory } from "./pack-directory.ts";

let base: string;
let directory: string;
let store: RootedStore;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "oci-kit-trip-"));
  directory = join(base, "root");
  store = createMemoryStore();
});
// an ordinary user can't look into directories of mode 000, so a plain removal would fail
afterEach(() => removeTree(base));

async function imageOf(...layers: readonly Uint8Array[]): Promise<Image> {
  const descriptors = layers.map((layer) => describeBytes(MediaType.layer, layer));
  for (const [at, layer] of layers.entries()) await store.push(descriptors[at]!, sourceOf(layer));
  const config = await pushDocument(store, MediaType.config, {
    created: "2020-02-02T02:02:02Z",
    architecture: "riscv64",
    os: "linux",
    config: { User: "me" },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => diffIdOf(digestBytes(layer))) },
  });
  const manifest = { schemaVersion: 2, mediaType: MediaType.manifest, config, layers: descriptors };
  return readImage(store, await pushDocument(store, MediaType.manifest, manifest));
}

async function unpackTo(image: Image, to: string, options?: UnpackOptions): Promise<void> {
  const { proof } = await unpack(image, to, options);
  expect(proof?.differences).toEqual([]);
}

async function packed(from: string): Promise<Image> {
  const { image } = await packDirectory(from, store);
  return readImage(store, image!);
}

const map = (pairs: Readonly<Record<string, string>>): ReadonlyMap<ByteString, ByteString> =>
  new Map(Object.entries(pairs).map(([key, value]) => [fromText(key), fromText(value)]));

type Item = Omit<EntryInit, "path"> & { readonly path: string; readonly text?: string };

function item({ path, text, ...init }: Item): { entry: Entry; content?: Uint8Array } {
  const content = toBytes(fromText(text ?? ""));
  const entry = makeEntry({ ...init, path: path as ByteString, size: content.length });
  return text === undefined ? { entry } : { entry, content };
}

/** More than a directory of an ordinary user can hold. */
const AWKWARD = layerOf(
  [
    { type: "directory", path: "./", mode: 0o751, uid: 7, gid: 8, mtime: -1, mtimeNanoseconds: 5 },
    { type: "directory", path: "locked/", mode: 0 },
    {
      type: "file",
      path: "locked/secret",
      mode: 0,
      text: "x",
      uid: 1,
      userName: fromText("daemon"),
    },
    {
      type: "file",
      path: "tool",
      mode: 0o4755,
      uid: 65_534,
      mtime: 1,
      mtimeNanoseconds: 1,
      text: "t",
    },
    { type: "hardlink", path: "tool-too", linkTarget: fromText("tool") },
    { type: "character", path: "null", deviceMajor: 1, deviceMinor: 3, mode: 0o666 },
    { type: "fifo", path: "pipe", uid: 3 },
    { type: "symlink", path: "dangling", linkTarget: fromText("/nowhere"), mtime: -86_400 },
    {
      type: "file",
      path: "capable",
      text: "c",
      xattrs: map({ "security.capability": "\u0001\0\0\u0002" }),
    },
    { type: "file", path: "noted", text: "n", extensions: map({ comment: "kept" }) },
    { type: "file", path: "odd \xc3\xa9\n", text: "o", mtime: 4_000_000_000 },
  ].map((each) => item(each as Item)),
);

/** The digest of the layer that {@link AWKWARD} becomes, for any user and on any Node. */
const WRITTEN = "sha256:e7db23e0ead1f615587a3f40ae83d08186f721f9c4a5112e1a15fbe91c3eb4e0";

describe("an image that was unpacked and packed again", () => {
  it("gives the same layer each time, whatever the disk could store of it", async () => {
    const original = await imageOf(AWKWARD);
    await unpackTo(original, directory);
    const first = await packed(directory);
    await unpackTo(first, `${directory}-again`);
    const again = await packed(`${directory}-again`);
    await unpackTo(original, `${directory}-plain`, { sameOwner: false });
    const plain = await packed(`${directory}-plain`);
    const diffIds = first.config.value.rootfs.diff_ids;
    expect(again.config.value.rootfs.diff_ids).toEqual(diffIds);
    expect(plain.config.value.rootfs.diff_ids).toEqual(diffIds);
    expect(diffIds).toEqual([WRITTEN]);
  });

  it("has the same root filesystem and settings as the original", async () => {
    const original = await imageOf(AWKWARD);
    await unpackTo(original, directory);
    const image = await packed(directory);
    const [one, other] = [await openImageFilesystem(original), await openImageFilesystem(image)];
    expect(compareTrees(one, other)).toMatchObject({ differences: [], undecided: [] });
    expect(other.lstat(fromText("/noted"))?.extensions).toEqual(map({ comment: "kept" }));
    expect(image.config.value).toMatchObject({
      architecture: "riscv64",
      created: "2020-02-02T02:02:02Z",
      config: { User: "me" },
    });
  });

  it("is the base itself if nothing was changed, without anything of the base being read", async () => {
    const image = await imageOf(AWKWARD);
    await unpackTo(image, directory);
    const unread = { ...store, fetch: () => expect.unreachable("reads the base") };
    const options = { base: { ...image, store: unread }, dryRun: true };
    expect((await packDirectory(directory, store, options)).changes).toEqual([]);
    const { image: same } = await packDirectory(directory, store, { base: image });
    expect(same!.digest).toBe(image.descriptor.digest);
  });

  it("is compared with the base only at the unpacked paths", async () => {
    const layer = layerOf([
      item({ type: "file", path: "in/a", text: "a" }),
      item({ type: "file", path: "out/b", text: "b" }),
      item({ type: "hardlink", path: "out/a", linkTarget: fromText("in/a") }),
    ]);
    const image = await imageOf(layer);
    await unpackTo(image, directory, { include: ["in"] });
    const before = await packDirectory(directory, store, { base: image });
    expect(before.changes).toEqual([]);
    // another base, known by the indexes of its layers
    const other = await imageOf(layer, layerOf([item({ type: "file", path: "out/c", text: "c" })]));
    const { changes } = await packDirectory(directory, store, { base: other });
    expect(changes).toEqual([]);
    fs.rmSync(join(directory, "in/a"));
    const after = await packDirectory(directory, store, { base: image });
    expect(after.changes.filter(({ change }) => change === "removed")).toEqual([
      { change: "removed", path: "/in/a" },
    ]);
  });

  it("keeps names that are not UTF-8, if a command can read their attributes", async () => {
    const image = await imageOf(layerOf([item({ type: "file", path: "odd \xff", text: "o" })]));
    if (spawnSync("getfattr", ["--version"]).error !== undefined) {
      await expect(unpack(image, directory)).rejects.toThrow("its name is not UTF-8");
      return;
    }
    await unpackTo(image, directory);
    const tree = await openImageFilesystem(await packed(directory));
    expect(tree.list(fromText("/"))).toEqual(["odd \xff"]);
  });

  it("is refused with a base if only one layer was unpacked", async () => {
    const image = await imageOf(AWKWARD);
    await unpackTo(image, directory, { layer: 0 });
    await expect(packDirectory(directory, store, { base: image })).rejects.toThrow("layer 0 alone");
  });

  it("is refused with owner maps, because the sidecar records the owners", async () => {
    const image = await imageOf(layerOf([]));
    await unpackTo(image, directory);
    const uidMap = [{ image: 0, disk: 0, size: 1 }];
    await expect(packDirectory(directory, store, { uidMap })).rejects.toThrow("no maps of owners");
  });
});

describe("an image that was unpacked and packed exactly", () => {
  const upper = rawTar(
    rawEntry({ name: "d/", typeFlag: "5", mode: 0o700 }),
    rawEntry({ name: "d/twice" }, "lost"),
    rawEntry({ name: "d/twice" }, "won"),
    rawEntry({ name: ".wh.noted" }, ""),
    rawEntry({ name: "tool" }, "another"),
    rawEntry({ name: "linked", typeFlag: "1", linkName: "tool" }, "another"),
  );

  it("has the very same layers and configuration", async () => {
    const image = await imageOf(AWKWARD, upper, AWKWARD);
    await unpackTo(image, directory, { exact: true });
    const result = await packDirectory(directory, store, { exact: true });
    const same = await readImage(store, result.image!);
    expect(same.config.descriptor.digest).toBe(image.config.descriptor.digest);
    expect(result.layers.map(({ diffId }) => diffId)).toEqual(image.config.value.rootfs.diff_ids);
  });

  it("has only the unpacked layer if one layer was unpacked", async () => {
    const image = await imageOf(AWKWARD, upper);
    await unpackTo(image, directory, { layer: 1, exact: true });
    const { image: one } = await packDirectory(directory, store, { exact: true });
    const { config } = await readImage(store, one!);
    expect(config.value.rootfs.diff_ids).toEqual(image.config.value.rootfs.diff_ids.slice(1));
    expect(config.value.config).toEqual({ User: "me" });
  });

  it("writes nothing in a dry run", async () => {
    await unpackTo(await imageOf(AWKWARD), directory, { exact: true });
    const result = await packDirectory(directory, store, { exact: true, dryRun: true });
    expect(result).toMatchObject({ image: undefined, layers: [] });
    expect(result.entries).toBeGreaterThan(0);
  });

  it("is refused with the reason and path if the directory was changed", async () => {
    await unpackTo(await imageOf(AWKWARD), directory, { exact: true });
    fs.chmodSync(join(directory, "noted"), 0o600);
    fs.writeFileSync(join(directory, "new"), "");
    const failure = packDirectory(directory, store, { exact: true });
    await expect(failure).rejects.toMatchObject({ code: "gate-refused" });
    await expect(failure).rejects.toThrow(/\/new \(unexpected\).*\/noted \(mode\)/);
  });

  it("is refused if it was not unpacked with exact", async () => {
    await unpackTo(await imageOf(AWKWARD), directory);
    const failure = packDirectory(directory, store, { exact: true });
    await expect(failure).rejects.toThrow("without the bytes of the layers");
  });

  it("detects damage to the recorded bytes and leaves nothing in the store", async () => {
    const image = await imageOf(AWKWARD);
    await unpackTo(image, directory, { exact: true });
    const raw = `${directory}.oci-kit/layers/0/raw`;
    const bytes = fs.readFileSync(raw);
    bytes[3]! ^= 1;
    fs.writeFileSync(raw, bytes);
    const other = createMemoryStore();
    const failure = packDirectory(directory, other, { exact: true });
    await expect(failure).rejects.toMatchObject({ code: "diff-id-mismatch" });
    expect(await other.capabilities.roots()).toEqual([]);
  });
});

type Edit = readonly [kind: number, path: string, other: string];

const NAMES = ["a", "b", "c"];
const path = fc
  .array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 })
  .map((names) => names.join("/"));
const edits = fc.array(fc.tuple(fc.nat({ max: 7 }), path, path), { maxLength: 12 });

/** Does something to a path, whatever is there. If the system refuses it, nothing happens. */
function edit([kind, name, target]: Edit): void {
  const [to, from] = [join(directory, name), join(directory, target)];
  const actions = [
    () => fs.writeFileSync(to, target),
    () => fs.appendFileSync(to, "more"),
    () => fs.mkdirSync(to, { recursive: true }),
    () => fs.rmSync(to, { recursive: true }),
    () => fs.symlinkSync(target, to),
    () => fs.linkSync(from, to),
    () => fs.chmodSync(to, 0o750),
    () => fs.renameSync(from, to),
  ];
  try {
    fs.mkdirSync(dirname(to), { recursive: true });
    actions[kind]!();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

/** A file gets another name where a directory was, and one where another file was. */
const NEW_NAMES: [before: Edit[], after: Edit[]][] = ["a/a", "c"].map((second) => [
  [
    [0, "a/a", "a"],
    [0, "c/a/a", "a"],
    [0, "b", "a"],
  ],
  [
    [3, "c", "a"],
    [3, "b", "a"],
    [5, "c/a", "a/a"],
    [5, "b", second],
  ],
]);

describe("a directory that was edited at random and packed on its original image", () => {
  it("is equal to the base and the new layer together", async () => {
    await fc.assert(
      fc.asyncProperty(edits, edits, async (before, after) => {
        await removeTree(directory);
        await removeTree(`${directory}.oci-kit`);
        fs.mkdirSync(directory);
        for (const each of before) edit(each);
        const whole = await packed(directory);
        fs.rmSync(directory, { recursive: true });
        await unpackTo(whole, directory);
        for (const each of after) edit(each);
        const result = await packDirectory(directory, store, { base: whole });
        const merged = await openImageFilesystem(await readImage(store, result.image!));
        const now = openUnpacked(directory);
        const { differences } = compareTrees(merged, now);
        now.close();
        expect(differences).toEqual([]);
        expect(result.layers).toHaveLength(result.changes.length === 0 ? 0 : 1);
      }),
      { numRuns: 60, examples: NEW_NAMES },
    );
  });
});

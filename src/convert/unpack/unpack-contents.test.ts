// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { noise } from "../../../test/fixtures/bytes/streams.ts";
import {
  directory,
  file,
  hardlink,
  makeImage,
  makeTar,
  whiteout,
} from "../../../test/fixtures/layers.ts";
import { sparseEntry, type Extents } from "../../../test/fixtures/sparse-file.ts";
import { makeScratch, type Scratch } from "../../../test/fixtures/unpacking.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { readImage, type Image } from "../../image/image.ts";
import { diffIdOf, type Digest } from "../../oci/digest.ts";
import { MediaType } from "../../oci/media-types.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { pushDocument } from "../../testing/build-image.ts";
import { rawEntry, rawTar } from "../../testing/raw-tar.ts";
import { readRecord } from "../../disk/sidecar/unpack-record.ts";
import { unpack } from "./unpack.ts";

let scratch: Scratch;

beforeEach(() => {
  scratch = makeScratch();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await scratch.remove();
});

/** An image with one layer, which has the given tar. */
function imageOf(tar: Uint8Array): Promise<Image> {
  return imageOfBlob(MediaType.layer, tar, digestBytes(tar));
}

async function imageOfBlob(mediaType: string, blob: Uint8Array, digest: Digest): Promise<Image> {
  const store = createMemoryStore();
  const layer = describeBytes(mediaType, blob);
  await store.push(layer, sourceOf(blob));
  const config = await pushDocument(store, MediaType.config, {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [diffIdOf(digest)] },
  });
  const manifest = { schemaVersion: 2, mediaType: MediaType.manifest, config, layers: [layer] };
  return readImage(store, await pushDocument(store, MediaType.manifest, manifest));
}

function sparseFile(extents: Extents, size: number): Uint8Array {
  return rawTar(sparseEntry("sparse", extents, size), rawEntry({ name: "after" }, "a"));
}

describe("the content of unpacked files", () => {
  it("is written with its holes", async () => {
    const size = 64 * 1024 * 1024;
    const tar = sparseFile(
      [
        [0, "start"],
        [1024 * 1024, "middle"],
      ],
      size,
    );
    const { proof } = await unpack(await imageOf(tar), scratch.directory);
    expect(proof!.differences).toEqual([]);
    const stats = fs.statSync(scratch.at("sparse"));
    expect(stats.size).toBe(size);
    expect(stats.blocks * 512).toBeLessThan(1024 * 1024);
    const fd = fs.openSync(scratch.at("sparse"), "r");
    const part = Buffer.alloc(10);
    fs.readSync(fd, part, 0, 10, 1024 * 1024 - 2);
    fs.closeSync(fd);
    expect(part.toString("latin1")).toBe("\0\0middle\0\0");
    expect(scratch.read("after")).toBe("a");
  });

  it("continues after a hole", async () => {
    const tar = sparseFile(
      [
        [4096, "one"],
        [8192, "two"],
      ],
      8195,
    );
    await unpack(await imageOf(tar), scratch.directory);
    const content = fs.readFileSync(scratch.at("sparse"), "latin1");
    expect([content.length, content.slice(4096, 4099), content.slice(8192)]).toEqual([
      8195,
      "one",
      "two",
    ]);
  });

  it("may be empty or larger than one read", async () => {
    const large = new Uint8Array(3_000_000).map((_, at) => at % 251);
    await scratch.unpack([[file("empty"), file("large", large)]]);
    expect(fs.statSync(scratch.at("empty")).size).toBe(0);
    expect(digestBytes(fs.readFileSync(scratch.at("large")))).toBe(digestBytes(large));
  });
});

describe("a large gzip layer, which a thread decompresses", () => {
  const content = noise(6_000_000);
  const tar = makeTar([file("before", "b"), file("large", content), file("after", "a")]);
  const packed = new Uint8Array(gzipSync(tar, { level: 1 }));
  const streamsOpened = (calls: readonly (readonly unknown[])[]): number =>
    calls.filter(([request]) => (request as { readonly ask?: string }).ask === "open").length;

  it("is unpacked and proven", async () => {
    const posted = vi.spyOn(Worker.prototype, "postMessage");
    const image = await imageOfBlob(MediaType.layerGzip, packed, digestBytes(tar));
    const { proof } = await unpack(image, scratch.directory);
    expect(streamsOpened(posted.mock.calls)).toBe(1);
    expect(proof).toMatchObject({ compared: 4, differences: [] });
    expect(digestBytes(fs.readFileSync(scratch.at("large")))).toBe(digestBytes(content));
    expect(scratch.read("after")).toBe("a");
  });

  it("is refused if its diffID or its last byte is wrong", async () => {
    const other = await imageOfBlob(MediaType.layerGzip, packed, digestBytes(content));
    await expect(unpack(other, scratch.directory)).rejects.toMatchObject({
      code: "diff-id-mismatch",
    });
    const damaged = packed.with(-1, packed.at(-1)! ^ 1);
    const cut = await imageOfBlob(MediaType.layerGzip, damaged, digestBytes(tar));
    await expect(unpack(cut, scratch.directory)).rejects.toMatchObject({
      code: "invalid-compression",
    });
    expect(readRecord(scratch.sidecar)).not.toMatchObject({ state: "complete" });
    const { proof } = await unpack(await imageOf(tar), scratch.directory);
    expect(proof!.differences).toEqual([]);
  });
});

describe("a deep tree", () => {
  it("is unpacked, changed and removed, even though its deepest path is too long for the system", async () => {
    const deep = "n/".repeat(2100);
    await scratch.unpack([[file(`${deep}end`, "x")]]);
    const { counts } = await scratch.unpack([[file(`${deep}end`, "y")]]);
    expect(counts).toEqual({ written: 0, changed: 1, kept: 2101, removed: 0 });
    const { counts: last } = await scratch.unpack([[file("n", "x")]]);
    expect(last).toMatchObject({ changed: 1, removed: 2100 });
  }, 120_000);
});

describe("the recorded exact bytes of layers", () => {
  const LAYERS = [
    [directory("d"), file("d/kept", "kept"), file("d/lost", "lost", { mode: 0 })],
    [file("d/lost", "found"), whiteout("d/.wh.gone"), hardlink("again", "d/kept")],
  ];

  it("are kept in the sidecar, with the contents that are at no path", async () => {
    await scratch.unpack(LAYERS, { exact: true });
    expect(readRecord(scratch.sidecar)).toMatchObject({ state: "complete", exact: true });
    expect(fs.readdirSync(`${scratch.sidecar}/layers`).sort()).toEqual(["0", "1"]);
    expect(scratch.read("d/lost")).toBe("found");
  });

  it("are recorded even if the directory is already as wanted, and removed if exact is no longer wanted", async () => {
    await scratch.unpack(LAYERS);
    expect(fs.existsSync(`${scratch.sidecar}/layers`)).toBe(false);
    await scratch.unpack(LAYERS, { exact: true });
    expect(fs.readdirSync(`${scratch.sidecar}/layers`).sort()).toEqual(["0", "1"]);
    await scratch.unpack([LAYERS[0]!], { exact: true });
    expect(fs.readdirSync(`${scratch.sidecar}/layers`).sort()).toEqual(["0"]);
    await scratch.unpack([[file("other")]]);
    expect(fs.existsSync(`${scratch.sidecar}/layers`)).toBe(false);
  });

  it("are kept for a layer that occurs twice, and for a single layer under its number", async () => {
    const image = await makeImage([[file("a", "x")], [file("b", "y")], [file("a", "x")]]);
    await unpack(image, scratch.directory, { exact: true });
    expect(fs.readdirSync(`${scratch.sidecar}/layers`).sort()).toEqual(["0", "1", "2"]);
    await unpack(image, scratch.directory, { exact: true, layer: 1 });
    expect(fs.readdirSync(`${scratch.sidecar}/layers`)).toEqual(["1"]);
  });
});

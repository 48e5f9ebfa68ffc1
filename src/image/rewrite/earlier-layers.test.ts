// SPDX-License-Identifier: MIT
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { collect } from "../../../test/fixtures/bytes/streams.ts";
import { once } from "../../bytes/bytes.ts";
import { decompress } from "../../bytes/compression.ts";
import type { CompressionChoice, CompressionWish } from "../../bytes/level/compression-choice.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { layerMediaType, MediaType } from "../../oci/media-types.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import type { RootedStore } from "../../store/store.ts";
import { buildImage, pushDocument, type BuiltImage } from "../../testing/build-image.ts";
import { readImage, type Image } from "../image.ts";
import { withCompressionNote } from "./compression-note.ts";
import { copyRewritten, type CopiedRewritten } from "./copy-rewritten.ts";

let source: RootedStore;
let target: RootedStore;
let built: BuiltImage;
let image: Image;

beforeEach(async () => {
  source = createMemoryStore({ name: "source" });
  target = createMemoryStore({ name: "target" });
  built = await buildImage(source, { layers: [{ a: "one" }, { b: "two" }], compression: "none" });
  image = await readImage(source, built.descriptor);
});

/** The layers as another version of Node would have compressed them, in an image under the tag of the target. */
async function publish(note?: CompressionChoice, spoil = false): Promise<Descriptor[]> {
  const layers: Descriptor[] = [];
  for (const [at, layer] of image.manifest.value.layers.entries()) {
    const tar = await collect(decompress(source.fetch(layer), "none"));
    const bytes = gzipSync(spoil ? tar.map((byte) => byte ^ 1) : tar, { level: 9, windowBits: 9 });
    const made = await target.ingest(layerMediaType("gzip"), once(bytes));
    const diffId = image.config.value.rootfs.diff_ids[at]!;
    layers.push(note === undefined ? made : withCompressionNote(made, note, diffId));
  }
  const { config, manifest } = image;
  await target.ingest(config.descriptor.mediaType, once(config.bytes));
  const value = { ...manifest.value, layers };
  await target.tag(await pushDocument(target, MediaType.manifest, value), "tag");
  return layers;
}

async function copied(wish: CompressionWish): Promise<CopiedRewritten & { layers: unknown }> {
  const made = await copyRewritten(source, built.descriptor, target, { ...wish, replaces: "tag" });
  const { layers } = (await readImage(target, made.root)).manifest.value;
  return { ...made, layers };
}

const digestsOf = (layers: readonly Descriptor[]): string[] => layers.map(({ digest }) => digest);

describe("layers that are to be compressed anew", () => {
  it("are those of the image under the tag, though another compressor made other bytes of them", async () => {
    const published = await publish({ compression: "gzip", level: 9 });
    const { layers, transfers } = await copied({ compression: "gzip", level: 9 });
    expect(layers).toEqual(published);
    const skipped = transfers.filter(({ action }) => action === "skipped");
    expect(skipped.map(({ descriptor }) => descriptor.digest)).toEqual(
      expect.arrayContaining(digestsOf(published)),
    );
  });

  it("are made anew for another level than they are noted with", async () => {
    const published = await publish({ compression: "gzip", level: 9 });
    const { layers } = await copied({ compression: "gzip", level: 1 });
    expect(digestsOf(layers as Descriptor[])).not.toContain(published[0]!.digest);
  });

  it("are those of another tool where no level is asked for, once they were read", async () => {
    const published = await publish();
    const { layers } = await copied({ compression: "gzip" });
    expect(digestsOf(layers as Descriptor[])).toEqual(digestsOf(published));
    const again = await copied({ compression: "gzip", level: 4 });
    expect(digestsOf(again.layers as Descriptor[])).not.toContain(published[0]!.digest);
  });

  it("are made anew where the image under the tag has other content than its configuration says", async () => {
    const published = await publish(undefined, true);
    const { layers } = await copied({ compression: "gzip" });
    expect(digestsOf(layers as Descriptor[])).not.toContain(published[0]!.digest);
  });

  it("are made anew where their note is about other bytes", async () => {
    const [first] = await publish({ compression: "gzip", level: 4 });
    const note = first!.annotations![AnnotationKey.compression]!;
    const forged = {
      ...first!,
      digest: image.config.descriptor.digest,
      annotations: { [AnnotationKey.compression]: note },
    };
    const value = { ...image.manifest.value, layers: [forged, forged] };
    await target.tag(await pushDocument(target, MediaType.manifest, value), "tag");
    const { layers } = await copied({ compression: "gzip" });
    expect(digestsOf(layers as Descriptor[])).not.toContain(forged.digest);
  });

  it("keep their digests when the result is copied again with the level that it has", async () => {
    const { root } = await copied({ compression: "zstd", level: 5 });
    const again = await copyRewritten(target, root, source, { compression: "zstd", level: 5 });
    expect(again.root.digest).toBe(root.digest);
    const other = await copyRewritten(target, root, source, { compression: "zstd", level: 1 });
    expect(other.root.digest).not.toBe(root.digest);
  });

  it("have no note in Docker's format, which has no place for it", async () => {
    const { layers } = await copied({ compression: "gzip" });
    expect((layers as Descriptor[])[0]!.annotations).toHaveProperty([AnnotationKey.compression]);
    const made = await copyRewritten(source, built.descriptor, target, {
      ...{ compression: "gzip", format: "docker" },
    });
    const docker = await readImage(target, made.root);
    expect(docker.manifest.value.layers.every(({ annotations }) => !annotations)).toBe(true);
  });

  it("come into Docker's format though they have a note", async () => {
    const { root } = await copied({ compression: "gzip" });
    const made = await copyRewritten(target, root, source, { format: "docker" });
    expect(made.droppedAnnotations).toEqual([]);
  });
});

describe("layers whose level is chosen when they are compressed", () => {
  const wish = (level: () => Promise<number>) => ({ compression: "gzip", level }) as const;
  const unasked = (): Promise<number> => Promise.reject(new Error("a level was asked for"));

  it("are those of the image under the tag, at whatever level another day's choice made them", async () => {
    const published = await publish({ compression: "gzip", level: 9 });
    const { layers } = await copied(wish(unasked));
    expect(layers).toEqual(published);
  });

  it("stay as they are where they are compressed so already", async () => {
    const made = await copied({ compression: "gzip", level: 2 });
    const before = (await readImage(target, made.root)).manifest.value.layers;
    source = target;
    built = { ...built, descriptor: made.root };
    target = createMemoryStore({ name: "another" });
    expect((await copied(wish(unasked))).layers).toEqual(before);
  });

  it("are compressed at the level that is chosen where there are none yet", async () => {
    const { layers } = await copied(wish(() => Promise.resolve(2)));
    target = createMemoryStore({ name: "another" });
    expect(layers).toEqual((await copied({ compression: "gzip", level: 2 })).layers);
  });
});

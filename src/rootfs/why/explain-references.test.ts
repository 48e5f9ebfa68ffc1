// SPDX-License-Identifier: MIT
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { once } from "../../bytes/bytes.ts";
import { describe as describeContent } from "../../bytes/describe-content.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { readImage, type Image } from "../../image/image.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { MediaType } from "../../oci/media-types.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { readDocumentBytes } from "../../store/read-documents.ts";
import {
  buildImage,
  layerTar,
  pushDocument,
  type ImageSpec,
  type LayerFiles,
} from "../../testing/build-image.ts";
import { explainImages } from "./explain-images.ts";
import type { Reason } from "./reason.ts";

const store = createMemoryStore();
const FILE = { content: "one", uid: 5, gid: 6, mode: 0o644, mtime: 1000 };

async function built(spec: ImageSpec): Promise<Image> {
  return readImage(store, (await buildImage(store, spec)).descriptor);
}

async function why(one: LayerFiles, other: LayerFiles): Promise<readonly Reason[]> {
  return explainImages(await built({ layers: [one] }), await built({ layers: [other] }));
}

/** The image with its layer's blob replaced by other bytes, whose tar is the same. */
async function withBlob(
  image: Image,
  bytes: Uint8Array,
  mediaType: string = MediaType.layerGzip,
): Promise<Image> {
  const layer = describeContent(mediaType, bytes);
  await store.push(layer, { open: () => once(bytes) });
  const manifest = { ...image.manifest.value, layers: [layer] };
  return readImage(store, await pushDocument(store, MediaType.manifest, manifest));
}

async function withConfig(image: Image, change: (text: string) => string): Promise<Image> {
  const bytes = await readDocumentBytes(store, image.manifest.value.config);
  const changed = new TextEncoder().encode(change(new TextDecoder().decode(bytes)));
  const config: Descriptor = describeContent(MediaType.config, changed);
  await store.push(config, { open: () => once(changed) });
  const manifest = { ...image.manifest.value, config };
  return readImage(store, await pushDocument(store, MediaType.manifest, manifest));
}

describe("two layers that could have been one differ by", () => {
  it.each<[string, LayerFiles, LayerFiles, object]>([
    [
      "the order of their entries",
      { a: "1", b: "2" },
      { b: "2", a: "1" },
      { code: "order", cases: [{ one: "/a", other: "/b" }] },
    ],
    [
      "a time",
      { a: FILE },
      { a: { ...FILE, mtime: 2000 } },
      { code: "time", cases: [{ path: "/a", one: "1000", other: "2000" }] },
    ],
    [
      "the fraction of a time",
      { a: FILE },
      { a: { ...FILE, mtimeNanoseconds: 5 } },
      { code: "time", cases: [{ path: "/a", one: "1000", other: "1000.000000005" }] },
    ],
    [
      "an owner",
      { a: FILE },
      { a: { ...FILE, uid: 0 } },
      { code: "owner", cases: [{ path: "/a", one: "5:6", other: "0:6" }] },
    ],
    [
      "an owner's name",
      { a: FILE },
      { a: { ...FILE, userName: "root" as never } },
      { code: "owner-name", cases: [{ path: "/a", one: ":", other: "root:" }] },
    ],
    [
      "a PAX record",
      { a: FILE },
      { a: { ...FILE, extensions: new Map([["atime", "7"]]) as never } },
      { code: "pax-record", cases: [{ path: "/a", one: "", other: "atime=7" }] },
    ],
    [
      "a mode",
      { a: FILE },
      { a: { ...FILE, mode: 0o600 } },
      { code: "mode", cases: [{ path: "/a", one: "0644", other: "0600" }] },
    ],
    ["content", { a: "1" }, { a: "2" }, { code: "content", count: 1 }],
    [
      "an entry",
      { a: "1" },
      { a: "1", b: "2" },
      { code: "only-in-other", cases: [{ path: "/b" }] },
    ],
    [
      "a whiteout",
      { "d/": "", "d/.wh.x": "" },
      { "d/": "" },
      { code: "only-in-one", cases: [{ path: "/d/.wh.x" }] },
    ],
  ])("%s", async (_, one, other, expected) => {
    expect(await why(one, other)).toMatchObject([{ where: "layer 0", ...expected }]);
  });

  it("the form of a header, of the same entries", async () => {
    const image = await built({ layers: [{ a: FILE }], compression: "none" });
    const tar = Buffer.from(await readAll(layerTar({ a: FILE }), 1e6, "tar"));
    // 0000644\0 as another program may write it
    tar.write("000644 ", 100, "latin1");
    let sum = 8 * 32;
    for (const [at, byte] of tar.subarray(0, 512).entries()) if (at < 148 || at >= 156) sum += byte;
    tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    const config = await withConfig(image, (text) =>
      text.replace(/sha256:[0-9a-f]{64}/, describeContent("a/b", tar).digest),
    );
    const other = await withBlob(config, tar, MediaType.layer);
    const reasons = (await explainImages(image, other)).filter(({ where }) => where === "layer 0");
    expect(reasons).toMatchObject([
      { code: "header", field: "mode", cases: [{ path: "/a", one: "0000644", other: "000644 " }] },
    ]);
  });

  it("zeros behind their entries", async () => {
    const image = await built({ layers: [{ a: FILE }], compression: "none" });
    const tar = Buffer.concat([
      await readAll(layerTar({ a: FILE }), 1e6, "tar"),
      Buffer.alloc(1024),
    ]);
    const config = await withConfig(image, (text) =>
      text.replace(/sha256:[0-9a-f]{64}/, describeContent("a/b", tar).digest),
    );
    expect(await explainImages(image, await withBlob(config, tar, MediaType.layer))).toMatchObject([
      { code: "padding" },
    ]);
  });
});

describe("two blobs of one tar differ by", () => {
  async function explainGzip(change: (blob: Buffer) => Uint8Array): Promise<readonly Reason[]> {
    const image = await built({ layers: [{ a: "x".repeat(10_000) }] });
    const tar = await readAll(layerTar({ a: "x".repeat(10_000) }), 1e6, "tar");
    return explainImages(
      await withBlob(image, gzipSync(tar)),
      await withBlob(image, change(gzipSync(tar))),
    );
  }

  it.each<[string, (blob: Buffer) => Uint8Array, object]>([
    [
      "the time in the gzip header",
      (blob) => (blob.writeUInt32LE(77, 4), blob),
      { field: "mtime", cases: [{ one: "0", other: "77" }] },
    ],
    [
      "its operating system",
      (blob) => (blob.writeUInt8(255, 9), blob),
      { field: "os", cases: [{ one: "Unix", other: "unknown" }] },
    ],
    [
      "its level",
      (blob) => (blob.writeUInt8(2, 8), blob),
      { field: "level", cases: [{ one: "usual", other: "best" }] },
    ],
    [
      "its name",
      (blob) =>
        Buffer.concat([
          blob.subarray(0, 3),
          Buffer.of(8),
          blob.subarray(4, 10),
          Buffer.from("layer.tar\0"),
          blob.subarray(10),
        ]),
      { field: "name", cases: [{ one: "", other: "layer.tar" }] },
    ],
  ])("%s", async (_, change, expected) => {
    expect(await explainGzip(change)).toMatchObject([
      { where: "layer 0", code: "gzip-header", ...expected },
    ]);
  });

  it("the effort of the compressor", async () => {
    const tar = await readAll(layerTar({ a: "x".repeat(10_000) }), 1e6, "tar");
    const blob = gzipSync(tar, { level: 1 });
    blob.writeUInt8(0, 8);
    expect(await explainGzip(() => blob)).toMatchObject([{ code: "compressor" }]);
  });

  it("the kind of compression", async () => {
    const [gzip, zstd] = [
      await built({ layers: [{ a: "1" }] }),
      await built({ layers: [{ a: "1" }], compression: "zstd" }),
    ];
    const reasons = await explainImages(gzip, zstd);
    expect(reasons).toMatchObject([
      { where: "manifest", code: "field", field: "layers.0.mediaType" },
      { where: "layer 0", code: "compression", cases: [{ one: "gzip", other: "zstd" }] },
    ]);
  });
});

describe("two documents that could have been one differ by", () => {
  const image = (): Promise<Image> => built({ layers: [{ a: "1" }], annotations: { x: "1" } });

  it.each<[string, (text: string) => string, object]>([
    [
      "the time of creation",
      (text) => text.replace(/"created":"1970/, '"created":"1980'),
      { code: "created" },
    ],
    [
      "a field",
      (text) => text.replace('"amd64"', '"arm64"'),
      { code: "field", field: "architecture" },
    ],
    [
      "the history",
      (text) => text.replace('"created_by":"test"', '"created_by":"make"'),
      { code: "history", field: "history.0.created_by" },
    ],
    ["white space", (text) => JSON.stringify(JSON.parse(text), undefined, 2), { code: "spelling" }],
    [
      "the order of keys",
      (text) =>
        JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse())),
      { code: "key-order" },
    ],
  ])("%s", async (_, change, expected) => {
    const one = await image();
    expect(await explainImages(one, await withConfig(one, change))).toMatchObject([
      { where: "configuration", ...expected },
    ]);
  });

  it("an annotation", async () => {
    const other = await built({ layers: [{ a: "1" }], annotations: { x: "2" } });
    expect(await explainImages(await image(), other)).toMatchObject([
      {
        where: "manifest",
        code: "annotation",
        field: "annotations.x",
        cases: [{ one: '"1"', other: '"2"' }],
      },
    ]);
  });
});

it("layers that both images begin and end with are left out, and one that only one has is named", async () => {
  const one = await built({ layers: [{ a: "1" }, { c: "3" }] });
  const other = await built({ layers: [{ a: "1" }, { b: "2" }, { c: "3" }] });
  const reasons = await explainImages(one, other);
  expect(reasons.filter(({ where }) => where.startsWith("layer"))).toMatchObject([
    { where: "layer 1", code: "layers" },
  ]);
});

it("a reason is told once, with its first cases and how many there are", async () => {
  const names = Array.from({ length: 50 }, (_, at) => `f${at}`);
  const layer = (mtime: number): LayerFiles =>
    Object.fromEntries(names.map((name) => [name, { ...FILE, mtime }]));
  const reasons = await why(layer(1), layer(2));
  expect(reasons).toMatchObject([{ code: "time", count: 50 }]);
  expect(reasons[0]!.cases).toHaveLength(3);
  expect(reasons[0]!.remedy).toContain("SOURCE_DATE_EPOCH");
});

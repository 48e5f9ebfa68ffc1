// SPDX-License-Identifier: MIT
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { directory, file, hardlink, symlink, type Piece } from "../../../test/fixtures/layers.ts";
import {
  buildTableImage,
  type TableChange,
  type TableKind,
  type TableRow,
} from "../../../test/fixtures/table-layers.ts";
import { fromText } from "../../bytes/byte-string.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { readImage, type Image } from "../../image/image.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { openImageFilesystem, type ImageFilesystem } from "../image-filesystem.ts";
import type { IndexProgress } from "../layer-index/image-indexes.ts";
import { openForQuestion } from "../top-down/open-for-question.ts";
import { TableAnnotation } from "./fetch-table.ts";

const CONTENT = randomBytes(300_000);
const PIECES: readonly Piece[] = [
  directory("usr"),
  file("usr/first", "first", { uid: 5, gid: 6, mode: 0o4755, mtime: 1_714_564_800 }),
  file("usr/large", CONTENT),
  file("usr/empty"),
  symlink("link", "usr/large"),
  hardlink("second", "usr/first"),
  file("last", "last"),
];
const KINDS: readonly TableKind[] = ["zstd:chunked", "eStargz"];

/** Bytes of layers that are read, whole or in part. */
interface Watched {
  readonly image: Image;
  readonly parts: number[];
  whole: number;
}

async function watched(kind: TableKind, change: TableChange = {}): Promise<Watched> {
  const store = createMemoryStore();
  const { manifest, layers } = await buildTableImage(store, kind, [PIECES], change);
  const image = await readImage(store, manifest);
  const digest = layers[0]!.digest;
  const found: Watched = {
    parts: [],
    whole: 0,
    image: {
      ...image,
      store: {
        ...store,
        fetch: (descriptor, options) => {
          if (descriptor.digest === digest) found.whole += 1;
          return store.fetch(descriptor, options);
        },
        fetchRange: (descriptor, range, options) => {
          found.parts.push(range.length ?? 0);
          return store.fetchRange(descriptor, range, options);
        },
      },
    },
  };
  return found;
}

async function contentOf(root: ImageFilesystem, path: string): Promise<Uint8Array> {
  return readAll(root.read(fromText(path)), 1e7, path);
}

/** What a filesystem says of all its paths, but for what a table can't know. */
function factsOf(root: ImageFilesystem): unknown[] {
  return Array.from(
    root.paths(),
    ([path, { type, mode, uid, gid, mtime, size, linkTarget, contentDigest }]) => ({
      ...{ path, type, mode, uid, gid, mtime, size, linkTarget, contentDigest },
    }),
  );
}

describe.each(KINDS)("a layer of %s", (kind) => {
  it("is known by its table as it is by its tar, and a file's bytes are all that is read of it", async () => {
    const found = await watched(kind);
    const root = await openForQuestion(found.image, undefined);
    expect(found.parts.reduce((sum, bytes) => sum + bytes)).toBeLessThan(4000);
    expect(factsOf(root)).toEqual(factsOf(await openImageFilesystem((await watched(kind)).image)));
    found.parts.length = 0;
    expect(Buffer.compare(await contentOf(root, "/usr/large"), CONTENT)).toBe(0);
    expect(Buffer.from(await contentOf(root, "/second")).toString()).toBe("first");
    expect(Buffer.from(await contentOf(root, "/last")).toString()).toBe("last");
    expect((await contentOf(root, "/usr/empty")).length).toBe(0);
    expect(found.parts.reduce((sum, bytes) => sum + bytes)).toBeLessThan(CONTENT.length + 1000);
    expect(found.whole).toBe(0);
  });

  const row = (rows: TableRow[], name: string): TableRow =>
    rows.find((each) => each["name"] === name)!;
  const set = (name: string, values: TableRow): TableChange => ({
    rows: (rows) => (Object.assign(row(rows, name), values), rows),
  });

  it.each<[string, TableChange]>([
    [
      "its digest is another than the manifest says",
      {
        annotations: (all) => ({
          ...all,
          [TableAnnotation.zstdChecksum]: `sha256:${"0".repeat(64)}`,
          [TableAnnotation.stargzDigest]: `sha256:${"0".repeat(64)}`,
        }),
      },
    ],
    [
      "its digest is none",
      {
        annotations: (all) => ({
          ...all,
          [TableAnnotation.zstdChecksum]: "../../x",
          [TableAnnotation.stargzDigest]: "../../x",
        }),
      },
    ],
    ["a file lies outside the blob", set("usr/large", { offset: 900_000, endOffset: 900_100 })],
    [
      "a file ends before it begins",
      set("usr/large", { offset: 5000, endOffset: 400, digest: "x" }),
    ],
    ["an offset is no number", set("usr/large", { offset: "1" })],
    ["a size is negative", set("usr/large", { size: -1 })],
    ["a file has no digest", set("usr/large", { digest: undefined })],
    ["a name leads out of the root", set("usr/large", { name: "../../etc/passwd" })],
    ["a name is not UTF-8", set("usr/large", { name: "usr/\ufffd" })],
    ["a type is unknown", set("usr/large", { type: "portal" })],
    ["a time is none", set("usr/large", { modtime: "yesterday" })],
    ["attributes are none", set("usr/large", { xattrs: { a: 5 } })],
    [
      "there are too many entries",
      { rows: (rows) => Array.from({ length: 200_000 }, () => rows[0]!) },
    ],
  ])("is read itself when %s", async (_, change) => {
    const found = await watched(kind, change);
    const events: IndexProgress[] = [];
    const onProgress = (event: IndexProgress): void => void events.push(event);
    const root = await openForQuestion(found.image, undefined, {
      onProgress,
      limits: { entries: 100_000 },
    });
    expect(events.map((event) => event.kind)).toContain("table-unusable");
    expect(Buffer.compare(await contentOf(root, "/usr/large"), CONTENT)).toBe(0);
    expect(found.whole).toBeGreaterThan(0);
  });

  it.each<[string, TableChange]>([
    [
      "at the place of another",
      {
        rows: (rows) => (
          Object.assign(row(rows, "usr/large"), {
            offset: row(rows, "last")["offset"],
            endOffset: row(rows, "last")["endOffset"],
          }),
          rows
        ),
      },
    ],
    ["with another size", set("usr/large", { size: 299_999 })],
    ["far larger than it is", set("usr/large", { size: 2 ** 50 })],
    ["with another digest", set("usr/large", { digest: `sha256:${"0".repeat(64)}` })],
    ["with bytes skipped before it", set("usr/large", { innerOffset: 3 })],
  ])("whose table has a file %s gives no wrong bytes for it", async (_, change) => {
    const root = await openForQuestion((await watched(kind, change)).image, undefined);
    await expect(contentOf(root, "/usr/large")).rejects.toThrow(/expected/);
  });
});

it.each(["0:1:2:1", "1:99999999999:5:1", "7:8", "x", "10:10:10:2"])(
  "a position %j of a table is not believed",
  async (position) => {
    const annotations: TableChange["annotations"] = (all) => ({
      ...all,
      [TableAnnotation.zstdPosition]: position,
    });
    const found = await watched("zstd:chunked", { annotations });
    const root = await openForQuestion(found.image, undefined);
    expect(Buffer.compare(await contentOf(root, "/usr/large"), CONTENT)).toBe(0);
    expect(found.whole).toBeGreaterThan(0);
  },
);

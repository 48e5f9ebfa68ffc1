// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromBytes, fromText, toBytes, type ByteString } from "../../bytes/byte-string.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { createLayerParser } from "../../layer/parse/layer-parser.ts";
import { diffIdOf } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import {
  GNU_MAGIC,
  gnuLongName,
  joinBytes,
  paxHeader,
  rawEntry,
  rawHeader,
  rawTar,
} from "../../testing/raw-tar.ts";
import { createLayerRecorder, type LayerRecorder } from "./layer-recorder.ts";
import { readRecordedLayer } from "./replay-layer.ts";

let sidecar: string;

beforeEach(() => {
  sidecar = fs.mkdtempSync(join(tmpdir(), "oci-kit-exact-"));
});
afterEach(() => fs.rmSync(sidecar, { recursive: true, force: true }));

const DIFF_ID = diffIdOf(digestBytes(new Uint8Array()));
const DEFAULT_CHUNKS = [1, 511, 700, 65_536];

interface Recording {
  /** The contents of files by the ordinals of their entries. Sparse files include their holes. */
  readonly files: ReadonlyMap<number, Uint8Array>;
  readonly recorder: LayerRecorder;
}

/** Feeds a tar to the recorder, as unpacking does. */
function record(tar: Uint8Array, chunks: readonly number[] = DEFAULT_CHUNKS): Recording {
  const recorder = createLayerRecorder(sidecar, 0, DIFF_ID);
  const parts = new Map<number, Uint8Array[]>();
  let current: Uint8Array[] = [];
  const parser = createLayerParser({
    entry(entry, position) {
      recorder.listener.entry(entry, position);
      parts.set(position.ordinal, (current = []));
    },
    data(chunk) {
      recorder.listener.data(chunk);
      current.push(chunk.slice());
    },
    hole(length) {
      recorder.listener.hole(length);
      current.push(new Uint8Array(length));
    },
  });
  for (let at = 0, turn = 0; at < tar.length; turn += 1) {
    const chunk = tar.slice(at, at + chunks[turn % chunks.length]!);
    at += chunk.length;
    parser.feed(chunk);
    recorder.listener.tar(chunk);
    chunk.fill(0xee);
  }
  parser.end();
  const files = new Map([...parts].map(([ordinal, all]) => [ordinal, joinBytes(...all)]));
  return { files, recorder };
}

/** A root filesystem in which the file at `/<ordinal>` is the content of that entry. */
function rootOf(files: ReadonlyMap<number, Uint8Array>): RootFilesystem {
  return {
    name: "root",
    lstat: () => undefined,
    list: () => [],
    async *read(path) {
      await Promise.resolve();
      const bytes = files.get(Number(path.split("/").at(-1)))!;
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.slice(at, at + 1000);
    },
  };
}

async function replay(root: RootFilesystem): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readRecordedLayer(sidecar, 0).tar(root)) chunks.push(chunk.slice());
  return joinBytes(...chunks);
}

async function roundTrip(tar: Uint8Array, chunks?: readonly number[]): Promise<string> {
  const { files, recorder } = record(tar, chunks);
  recorder.finish((ordinal) => ({ path: fromText(`/${ordinal}`) }));
  return digestBytes(await replay(rootOf(files)));
}

const content = new Uint8Array(70_000).map((_, at) => (at * 7) % 251);

const AWKWARD: Readonly<Record<string, () => Uint8Array>> = {
  "without entries": () => rawTar(),
  "of no bytes at all": () => new Uint8Array(0),
  "with PAX and GNU headers, global ones too": () =>
    rawTar(
      paxHeader({ comment: "x" }, "g"),
      paxHeader({ mtime: "1.5", "SCHILY.xattr.user.a": "b" }),
      rawEntry({ name: "a" }, content),
      gnuLongName("L", `long/${"n".repeat(200)}`),
      rawEntry({ name: "short", magic: GNU_MAGIC }, "x"),
    ),
  "without the last padding": () =>
    joinBytes(
      rawEntry({ name: "a" }, "1"),
      rawHeader({ name: "b", size: 3 }),
      toBytes("abc" as ByteString),
    ),
  "with one block of zeros": () => joinBytes(rawEntry({ name: "a" }, "1"), new Uint8Array(512)),
  "with bytes after the end": () => joinBytes(rawTar(rawEntry({ name: "a" }, content)), content),
  "with padding that is not zero": () =>
    rawTar(rawHeader({ name: "a", size: 1 }), new Uint8Array(512).fill(0x61)),
  "with a path twice": () =>
    rawTar(rawEntry({ name: "a" }, "one"), rawEntry({ name: "a" }, "two and more")),
  "with whiteouts, one of which has content": () =>
    rawTar(
      rawEntry({ name: ".wh.a" }, "x"),
      rawEntry({ name: "d/.wh..wh..opq" }),
      rawEntry({ name: "b" }, "c"),
    ),
  "with hard links that carry content": () =>
    rawTar(
      rawEntry({ name: "a" }, "content"),
      rawEntry({ name: "b", typeFlag: "1", linkName: "a" }, "content"),
      rawEntry({ name: "c" }, "more"),
    ),
  "with a hard link that has a size and no content": () =>
    rawTar(
      rawEntry({ name: "a" }, "content"),
      rawHeader({ name: "b", typeFlag: "1", linkName: "a", size: 7 }),
    ),
  "with names that are not UTF-8, blanks and backslashes": () =>
    rawTar(rawEntry({ name: Uint8Array.of(0xff, 0x20, 0x5c, 0x0a) }, "x")),
  "with a directory after what is in it": () =>
    rawTar(rawEntry({ name: "d/f" }, "x"), rawEntry({ name: "d/", typeFlag: "5" })),
  "with a sparse file": () => sparse([0, 600, 4096, 512, 9000, 1], 10_000),
  "with a sparse file that begins and ends with a hole": () => sparse([512, 5, 2048, 100], 5000),
  "with a file that is all hole": () => sparse([], 5000),
};

/** A GNU sparse file of up to four extents, followed by another file. */
function sparse(extents: readonly number[], size: number): Uint8Array {
  const stored = extents.filter((_, at) => at % 2 === 1).reduce((sum, length) => sum + length, 0);
  const field = (value: number): string => `${value.toString(8).padStart(11, "0")}\0`;
  const map = Object.fromEntries(extents.map((value, at) => [386 + 12 * at, field(value)]));
  return rawTar(
    rawEntry(
      { name: "s", typeFlag: "S", magic: GNU_MAGIC, at: { ...map, 483: field(size) } },
      content.subarray(0, stored),
    ),
    rawEntry({ name: "after" }, "x"),
  );
}

describe("a layer that was recorded and reproduced", () => {
  for (const [name, make] of Object.entries(AWKWARD)) {
    it(`has the same bytes: ${name}`, async () => {
      const tar = make();
      expect(await roundTrip(tar)).toBe(digestBytes(tar));
    });
  }

  it("has the same bytes, whatever chunks the tar came in", async () => {
    const tar = joinBytes(
      ...Object.values(AWKWARD)
        .slice(2, 3)
        .map((make) => make()),
    );
    const cuts = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cuts, async (chunks) => {
        expect(await roundTrip(tar, chunks)).toBe(digestBytes(tar));
      }),
      { numRuns: 30 },
    );
  });

  it("names paths by their bytes, including spaces and line breaks", async () => {
    const { files, recorder } = record(rawTar(rawEntry({ name: "a" }, "x")));
    const path = fromBytes(Uint8Array.of(0x2f, 0xff, 0x20, 0x0a, 0x5c, 0x2f, 0x30)); // …/0
    recorder.finish(() => ({ path }));
    const asked: ByteString[] = [];
    const root = rootOf(files);
    await replay({ ...root, read: (at) => (asked.push(at), root.read(at)) });
    expect(asked).toEqual([path]);
  });

  it("includes contents that are at no path", async () => {
    const tar = rawTar(rawEntry({ name: "a" }, "lost"), rawEntry({ name: "a" }, "found"));
    const { files, recorder } = record(tar);
    const staged = join(sidecar, "staged");
    fs.writeFileSync(staged, "lost", { mode: 0o000 });
    recorder.finish((ordinal) => (ordinal === 0 ? { staged } : { path: fromText("/1") }));
    expect(fs.existsSync(staged)).toBe(false);
    expect(digestBytes(await replay(rootOf(files)))).toBe(digestBytes(tar));
    expect(readRecordedLayer(sidecar, 0)).toMatchObject({
      contents: 2,
      contentBytes: 9,
      diffId: DIFF_ID,
    });
  });
});

describe("a layer's recorder", () => {
  it("leaves nothing of a discarded record and keeps an earlier one unchanged", async () => {
    const tar = rawTar(rawEntry({ name: "a" }, "x"));
    const first = record(tar);
    first.recorder.finish(() => ({ path: fromText("/0") }));
    const second = record(rawTar());
    second.recorder.listener.abandon();
    second.recorder.listener.abandon();
    expect(fs.readdirSync(join(sidecar, "layers"))).toEqual(["0"]);
    expect(digestBytes(await replay(rootOf(first.files)))).toBe(digestBytes(tar));
  });

  it("replaces an earlier record of the layer", async () => {
    record(rawTar(rawEntry({ name: "a" }, "x"))).recorder.finish(() => ({ path: fromText("/0") }));
    const tar = rawTar(rawEntry({ name: "b" }, "yz"));
    const { files, recorder } = record(tar);
    recorder.finish(() => ({ path: fromText("/0") }));
    expect(digestBytes(await replay(rootOf(files)))).toBe(digestBytes(tar));
  });

  it("refuses a chunk that the parser has not received yet", () => {
    const recorder = createLayerRecorder(sidecar, 0, DIFF_ID);
    const tar = rawTar(rawEntry({ name: "a" }, "x"));
    const parser = createLayerParser(recorder.listener);
    recorder.listener.tar(tar);
    expect(() => parser.feed(tar)).toThrow("expected each chunk after the parser was fed it");
    recorder.listener.abandon();
  });

  it("can't write if the sidecar is not a directory", () => {
    const file = join(sidecar, "file");
    fs.writeFileSync(file, "");
    expect(() => createLayerRecorder(file, 0, DIFF_ID)).toThrow("expected a writable file");
  });
});

describe("reading a layer record fails", () => {
  const tar = rawTar(rawEntry({ name: "a" }, "x"), rawEntry({ name: "b" }, "yz"));
  const pathOf = (name: string): string => join(sidecar, "layers/0", name);
  let root: RootFilesystem;

  beforeEach(() => {
    const { files, recorder } = record(tar);
    recorder.finish((ordinal) => ({ path: fromText(`/${ordinal}`) }));
    root = rootOf(files);
  });

  const failure = async (): Promise<unknown> =>
    replay(root).then(
      () => "none",
      (error: unknown) => (isOciError(error) ? [error.code, error.message] : error),
    );

  it("if there is no record", () => {
    expect(() => readRecordedLayer(sidecar, 1)).toThrow("expected a readable file");
  });

  it("if its bytes were cut off", async () => {
    fs.truncateSync(pathOf("raw"), 600);
    expect(await failure()).toEqual(["invalid-sidecar", expect.stringContaining("got its end")]);
  });

  it("if it has extra bytes", async () => {
    fs.appendFileSync(pathOf("raw"), "x");
    expect(await failure()).toEqual(["invalid-sidecar", expect.stringContaining("got more")]);
  });

  for (const [what, edit] of Object.entries({
    "has no end": (text: string) => text.slice(0, -3),
    "starts differently": (text: string) => text.slice(1),
    "has an invalid line": (text: string) => text.replace("512 1 /0", "512 1 nowhere"),
  })) {
    it(`if its table ${what}`, async () => {
      fs.writeFileSync(pathOf("contents"), edit(fs.readFileSync(pathOf("contents"), "latin1")));
      expect(await failure()).toEqual(["invalid-sidecar", expect.stringContaining("expected a")]);
    });
  }

  it("if a file has grown or shrunk", async () => {
    for (const length of [0, 2]) {
      root = rootOf(new Map([[0, new Uint8Array(length)]]));
      expect(await failure()).toEqual(["unreadable", expect.stringContaining("expected 1 bytes")]);
    }
  });
});

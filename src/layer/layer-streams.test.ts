// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fromBytes, toBytes, type ByteString } from "../bytes/byte-string.ts";
import { sourceOf, type Bytes } from "../bytes/bytes.ts";
import { layerOf, listLayer } from "../testing/list-layer.ts";
import { END_OF_TAR, GNU_MAGIC, joinBytes, rawEntry, rawTar } from "../testing/raw-tar.ts";
import { makeEntry } from "./make-entry.ts";
import { readLayer } from "./read-layer.ts";
import { writeLayer, type LayerInput } from "./write-layer.ts";

const bytes = (text: string): ByteString => text as ByteString;

interface Watched {
  readonly bytes: Bytes;
  readonly state: { read: number; closed: boolean };
}

/** The bytes in chunks, which are overwritten when the next one is asked for. */
function watch(all: Uint8Array, chunkSize: number): Watched {
  const state = { read: 0, closed: false };
  async function* chunks(): Bytes & AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < all.length; at += chunkSize) {
        await Promise.resolve();
        const chunk = all.slice(at, at + chunkSize);
        state.read += chunk.length;
        yield chunk;
        chunk.fill(0xee);
      }
    } finally {
      state.closed = true;
    }
  }
  return { bytes: chunks(), state };
}

async function collect(content: Bytes): Promise<string> {
  let text = "";
  for await (const chunk of content) text += fromBytes(chunk);
  return text;
}

const BIG = "b".repeat(200_000);
const TAR = rawTar(
  rawEntry({ name: "big" }, BIG),
  rawEntry({ name: "small" }, "abc"),
  rawEntry({ name: "none" }),
);

describe("readLayer", () => {
  it.each([1, 500, 65_536, 1e7])(
    "reads entries and contents from chunks of %d bytes",
    async (size) => {
      const read: string[][] = [];
      const tar = size === 1 ? TAR.subarray(200_704) : TAR;
      for await (const { entry, content } of readLayer(watch(tar, size).bytes)) {
        read.push([entry.path, await collect(content)]);
      }
      expect(read).toEqual(listLayer(tar).map(({ entry, content }) => [entry.path, content]));
    },
  );

  it("skips a content of 200 kB that nobody reads, where tar-stream hangs", async () => {
    const paths: string[] = [];
    for await (const { entry } of readLayer(watch(TAR, 4096).bytes)) paths.push(entry.path);
    expect(paths).toEqual(["big", "small", "none"]);
  });

  it("skips the rest of a content that was read in part", async () => {
    const first: number[] = [];
    for await (const { content } of readLayer(watch(TAR, 4096).bytes)) {
      for await (const chunk of content) {
        first.push(chunk.length);
        break;
      }
    }
    expect(first).toEqual([3584, 3]);
  });

  it("frees the source when the loop is left", async () => {
    const { bytes, state } = watch(TAR, 4096);
    for await (const { entry } of readLayer(bytes)) if (entry.path === "big") break;
    expect(state.closed).toBe(true);
    expect(state.read).toBe(4096);
  });

  it("does not open its source before it is read", async () => {
    const { bytes, state } = watch(TAR, 4096);
    const items = readLayer(bytes);
    expect(state.read).toBe(0);
    await items.return();
  });

  it("reads all bytes after the end of the archive", async () => {
    const all = joinBytes(TAR, END_OF_TAR, new Uint8Array(10_000).fill(7));
    const { bytes, state } = watch(all, 4096);
    for await (const { entry } of readLayer(bytes)) expect(entry.path).not.toBe("");
    expect(state.read).toBe(all.length);
  });

  it("expands a sparse file", async () => {
    const header = { name: "s", typeFlag: "S", magic: GNU_MAGIC };
    const map = { 386: "00000300000\0", 398: "00000000003\0", 483: "00000400000\0" };
    const sparse = rawTar(rawEntry({ ...header, at: map }, "abc"));
    const read: string[] = [];
    for await (const { content } of readLayer(watch(sparse, 100).bytes))
      read.push(await collect(content));
    expect(read).toEqual([`${"\0".repeat(0o300000)}abc${"\0".repeat(0o100000 - 3)}`]);
  });

  it("refuses a content that is read too late", async () => {
    const contents: Bytes[] = [];
    for await (const { content } of readLayer(watch(TAR, 4096).bytes)) contents.push(content);
    await expect(collect(contents[0]!)).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("throws errors of the layer with its name, and passes on errors of the source", async () => {
    const read = async (source: Bytes): Promise<void> => {
      for await (const { content } of readLayer(source, { what: "layer 2" }))
        await collect(content);
    };
    const cut = watch(TAR.subarray(0, 5000), 700);
    await expect(read(cut.bytes)).rejects.toThrow(/^layer 2: entry 0 "big" at byte 0: expected/);
    expect(cut.state.closed).toBe(true);
    async function* broken(): Bytes & AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      yield TAR.subarray(0, 600);
      throw new RangeError("source");
    }
    await expect(read(broken())).rejects.toThrow(new RangeError("source"));
  });

  it("stops when it is aborted", async () => {
    const controller = new AbortController();
    const { bytes, state } = watch(TAR, 4096);
    const read = async (): Promise<void> => {
      for await (const { entry } of readLayer(bytes, { signal: controller.signal })) {
        if (entry.path === "big") controller.abort();
      }
    };
    await expect(read()).rejects.toMatchObject({ code: "aborted" });
    expect(state.closed).toBe(true);
  });
});

describe("writeLayer", () => {
  const items: LayerInput[] = [];
  const expected: { entry: LayerInput["entry"]; content: Uint8Array }[] = [];
  for (const [path, size] of [
    ["a", 3],
    ["b", 70_000],
    ["c", 0],
    ["d", 300_000],
    ["e", 65_536],
  ] as const) {
    const content = new Uint8Array(size).fill(path.charCodeAt(0));
    const entry = makeEntry({ type: "file", path: bytes(path), size });
    expected.push({ entry, content });
    items.push({ entry, content: sourceOf(content).open() });
  }

  it("writes the same bytes as the writer, in few chunks", async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeLayer(items)) chunks.push(chunk.slice());
    expect(joinBytes(...chunks)).toEqual(layerOf(expected));
    expect(chunks.length).toBeLessThan(9);
  });

  it("joins many small entries to large chunks", async () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      entry: makeEntry({ type: "directory", path: bytes(`d${index}/`) }),
    }));
    const lengths: number[] = [];
    for await (const chunk of writeLayer(many)) lengths.push(chunk.length);
    expect(lengths).toEqual([131_072, 131_072, 131_072, 1002 * 512 - 3 * 131_072]);
  });

  it("writes what readLayer read", async () => {
    const layer = layerOf(expected);
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeLayer(readLayer(watch(layer, 10_000).bytes)))
      chunks.push(chunk.slice());
    expect(joinBytes(...chunks)).toEqual(layer);
  });

  it("refuses a content that is missing", async () => {
    const entry = makeEntry({ type: "file", path: bytes("x"), size: 3 });
    const write = async (): Promise<string> => collect(writeLayer([{ entry }]));
    await expect(write()).rejects.toMatchObject({ code: "size-mismatch" });
  });

  it("frees the content when the reader of the layer stops", async () => {
    const { bytes: content, state } = watch(toBytes(bytes(BIG)), 70_000);
    const entry = makeEntry({ type: "file", path: bytes("x"), size: BIG.length });
    for await (const chunk of writeLayer([{ entry, content }])) {
      expect(chunk.length).toBeGreaterThan(0);
      if (state.read > 0) break;
    }
    expect(state.closed).toBe(true);
  });
});

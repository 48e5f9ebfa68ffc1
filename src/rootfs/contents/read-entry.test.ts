// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { noise } from "../../../test/fixtures/bytes/streams.ts";
import { b, file, makeImage, makeTar, mergeImage } from "../../../test/fixtures/layers.ts";
import { expandExtents, sparseEntry, type Extents } from "../../../test/fixtures/sparse-file.ts";
import { watchFetches } from "../../../test/fixtures/watch-fetches.ts";
import { fromBytes, toBytes } from "../../bytes/byte-string.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { digestBytes } from "../../bytes/hash.ts";
import type { Image } from "../../image/image.ts";
import { rawEntry, rawTar } from "../../testing/raw-tar.ts";
import { readEntry, type IndexedFile } from "./read-entry.ts";

/** The second entry of the image's only layer, with this content, as an index could describe it. */
function second(content: string, more: Partial<IndexedFile> = {}): IndexedFile {
  return {
    location: { layer: 0, entry: 1 },
    size: content.length,
    digest: digestBytes(toBytes(b(content))),
    stored: undefined,
    ...more,
  };
}

async function read(image: Image, one: IndexedFile): Promise<string> {
  return fromBytes(await readAll(readEntry({ image }, one, { what: "file" }), 1e8, "file"));
}

const LAYER = [file("a", "1"), file("b", "twenty"), file("noise", noise(3_000_000))];
/** Where the content of `b` is stored: after the header and the one block of `a`, and the header of `b`. */
const STORED = { offset: 3 * 512, extents: [0, 6] };

describe("reading one file of a layer", () => {
  it.each([STORED, undefined])(
    "reads the layer no further than to the file's end (stored: %j)",
    async (stored) => {
      const watched = watchFetches(await makeImage([LAYER], { compression: "none" }));
      expect(await read(watched.image, second("twenty", { stored }))).toBe("twenty");
      expect(watched.given()).toBeLessThan(100_000);
    },
  );

  it("reads the layer to its end to verify a file without a digest", async () => {
    const watched = watchFetches(await makeImage([LAYER], { compression: "none" }));
    const one = second("twenty", { digest: undefined, stored: STORED });
    expect(await read(watched.image, one)).toBe("twenty");
    expect(watched.given()).toBeGreaterThan(3_000_000);
    const other = await makeImage([[file("a", "1"), file("b", "others")]]);
    const [diffId] = watched.image.config.value.rootfs.diff_ids;
    const rootfs = { type: "layers", diff_ids: [diffId!] } as const;
    const value = { ...other.config.value, rootfs };
    const damaged = { ...other, config: { ...other.config, value } };
    await expect(read(damaged, one)).rejects.toMatchObject({ code: "diff-id-mismatch" });
  });

  it.each([STORED, undefined])(
    "refuses a file whose content differs from its digest (stored: %j)",
    async (stored) => {
      const image = await makeImage([[file("a", "1"), file("b", "others")]]);
      const one = second("twenty", { stored });
      await expect(read(image, one)).rejects.toMatchObject({ code: "digest-mismatch" });
    },
  );

  it("refuses a layer that ends before the file", async () => {
    const image = await makeImage([[file("a", "1")]]);
    const stored = { offset: 1_000_000, extents: [0, 6] };
    await expect(read(image, second("twenty", { stored }))).rejects.toMatchObject({
      code: "invalid-layer",
      message:
        "file: expected its content up to byte 1000006 of its layer, as the index says, got 2048 bytes",
    });
    const unknown = read(image, second("twenty", { digest: undefined }));
    await expect(unknown).rejects.toMatchObject({ code: "invalid-layer" });
  });

  it("reads nothing of the layer for an empty file", async () => {
    const watched = watchFetches(await makeImage([LAYER]));
    const stored = { offset: 512, extents: [0, 0] };
    expect(await read(watched.image, second("", { stored }))).toBe("");
    expect(watched.given()).toBe(0);
  });

  it("stops when it is aborted", async () => {
    const image = await makeImage([LAYER]);
    const options = { what: "file", signal: AbortSignal.abort() };
    const one = second("twenty", { stored: STORED });
    const reading = readAll(readEntry({ image }, one, options), 1e8, "file");
    await expect(reading).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("reading a sparse file of an image", () => {
  const long = "0123456789".repeat(20_000);
  it.each<[string, Extents, number]>([
    ["starts and ends with holes", [[1000, "abc"]], 5000],
    [
      "has adjacent parts",
      [
        [0, "abc"],
        [3, "def"],
        [10, "g"],
      ],
      11,
    ],
    ["is nothing but a hole", [], 100_000],
    [
      "ends with an empty part",
      [
        [2, "x"],
        [90, ""],
      ],
      90,
    ],
    [
      "has parts longer than a chunk",
      [
        [70_000, long],
        [500_000, long],
      ],
      800_000,
    ],
  ])("fills its holes when it %s", async (_, extents, size) => {
    const parts = [rawEntry({ name: "before" }, "b"), sparseEntry("s", extents, size)];
    for (const compression of ["none", "gzip"] as const) {
      const root = await mergeImage([rawTar(...parts)], { compression });
      const content = fromBytes(await readAll(root.read(b("/s")), 1e8, "s"));
      expect(content).toBe(expandExtents(extents, size));
    }
  });

  it("reads a file that is mostly a hole and therefore has no digest", async () => {
    const extents = [[300_000, "text"]] as const;
    const tar = rawTar(sparseEntry("s", extents, 400_000));
    const root = await mergeImage([tar], { limits: { holeBytes: 100_000 } });
    expect(root.lstat(b("/s"))!.contentDigest).toBeUndefined();
    const content = fromBytes(await readAll(root.read(b("/s")), 1e8, "s"));
    expect(content).toBe(expandExtents(extents, 400_000));
  });

  it("reads a file that has more stored parts than an index keeps", async () => {
    const extents = [
      [2, "a"],
      [4, "b"],
      [6, "c"],
    ] as const;
    const tars = [sparseEntry("s", extents, 8), sparseEntry("t", extents, 9)];
    const root = await mergeImage([rawTar(...tars)], { limits: { sparseExtents: 3 } });
    for (const [path, size] of [
      ["/s", 8],
      ["/t", 9],
    ] as const) {
      const content = fromBytes(await readAll(root.read(b(path)), 1e8, path));
      expect(content).toBe(expandExtents(extents, size));
    }
  });
});

it("in a tar made by these tests the content of the second file starts where they assume it", () => {
  expect(fromBytes(makeTar(LAYER).subarray(STORED.offset, STORED.offset + 6))).toBe("twenty");
});

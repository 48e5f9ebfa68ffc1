// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeImage } from "../../../test/fixtures/layers.ts";
import { sparseEntry } from "../../../test/fixtures/sparse-file.ts";
import { makeScratch, type Scratch } from "../../../test/fixtures/unpacking.ts";
import type { Image } from "../../image/image.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { watchFetches } from "../../../test/fixtures/watch-fetches.ts";
import { openLayerIndexCache } from "../../rootfs/layer-index/open-index-cache.ts";
import { rawTar } from "../../testing/raw-tar.ts";
import { unpack } from "../unpack/unpack.ts";
import { packDirectory } from "./pack-directory.ts";

let scratch: Scratch;
let image: Image;

/** Limits on how much of a file may be holes for its digest to be in its layer's index. */
const limits = { holeBytes: 250_000, expansionRatio: 1000 };
const SIZE = 400_000;

beforeEach(async () => {
  scratch = makeScratch();
  const extents = [[300_000, "text"]] as const;
  const names = ["a", "b", "c"];
  image = await makeImage([rawTar(...names.map((name) => sparseEntry(name, extents, SIZE)))]);
});
afterEach(() => scratch.remove());

function overwrite(name: string, text: string): void {
  const fd = fs.openSync(scratch.at(name), "r+");
  const { atime, mtime } = fs.fstatSync(fd);
  fs.writeSync(fd, text, 300_000);
  fs.futimesSync(fd, atime, mtime);
  fs.closeSync(fd);
}

describe("files that are mostly holes and have no known digest, packed on their image", () => {
  it("are compared with the image by reading its layer once for all of them", async () => {
    await unpack(image, scratch.directory, { limits });
    fs.rmSync(scratch.sidecar, { recursive: true });
    overwrite("b", "next");
    overwrite("c", "text");
    const { image: watched, opened } = watchFetches(image);
    const cache = openLayerIndexCache(`${scratch.top}/cache`);
    const options = { base: watched, limits, dryRun: true, cache };
    const pack = () => packDirectory(scratch.directory, createMemoryStore(), options);
    const expected = [{ change: "changed", path: "/b" }];
    expect((await pack()).changes).toEqual(expected);
    opened.length = 0;
    expect((await pack()).changes).toEqual(expected);
    expect(opened).toHaveLength(1);
  });

  it("count as changed if they were touched since they were unpacked from it", async () => {
    await unpack(image, scratch.directory, { limits });
    overwrite("b", "next");
    const options = { base: image, limits, dryRun: true };
    const { changes } = await packDirectory(scratch.directory, createMemoryStore(), options);
    expect(changes).toEqual([{ change: "changed", path: "/b" }]);
  });
});

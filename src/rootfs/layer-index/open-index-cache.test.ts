// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseDiffId } from "../../oci/digest.ts";
import { openImageFilesystem } from "../image-filesystem.ts";
import type { IndexProgress } from "./image-indexes.ts";
import { LAYER_INDEX_VERSION } from "./serialised-index.ts";
import { file, listTree, makeImage } from "../../../test/fixtures/layers.ts";
import { openLayerIndexCache } from "./open-index-cache.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "layer-indexes-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const DIFF_ID = parseDiffId(`sha256:${"1".repeat(64)}`);
const bytes = (...values: number[]): Buffer => Buffer.from(values);

it("a layer index cache gives back what was written, the last of it", async () => {
  const cache = openLayerIndexCache(directory);
  expect(await cache.read(DIFF_ID)).toBeUndefined();
  await cache.write(DIFF_ID, bytes(1, 2));
  expect(await cache.read(DIFF_ID)).toEqual(bytes(1, 2));
  await cache.write(DIFF_ID, bytes(3));
  expect(await openLayerIndexCache(directory).read(DIFF_ID)).toEqual(bytes(3));
});

it("a layer index cache keeps each version of the form under a name of its own", async () => {
  await openLayerIndexCache(directory).write(DIFF_ID, bytes(1));
  const name = `sha256-${"1".repeat(64)}-v${LAYER_INDEX_VERSION}`;
  expect(readdirSync(directory, { recursive: true }).join("\n")).toContain(name);
});

it("a layer index cache refuses a digest that can't be verified, before any path is made of it", async () => {
  const cache = openLayerIndexCache(directory);
  const unknown = parseDiffId("md5:abcdef");
  await expect(cache.read(unknown)).rejects.toMatchObject({ code: "unsupported-algorithm" });
  await expect(cache.write(unknown, bytes(1))).rejects.toMatchObject({
    code: "unsupported-algorithm",
  });
});

it("an image whose cached index was cut short is read again, and its index mended", async () => {
  const image = await makeImage([[file("a"), file("b")]]);
  const kinds: string[] = [];
  const open = async (): Promise<string[]> => {
    kinds.length = 0;
    const cache = openLayerIndexCache(directory);
    const onProgress = (event: IndexProgress): unknown => kinds.push(event.kind);
    return listTree(await openImageFilesystem(image, { cache, onProgress }));
  };
  const tree = await open();
  expect(await open()).toEqual(tree);
  expect(kinds).toEqual(["layer-cached"]);
  const names = readdirSync(directory, { recursive: true }) as string[];
  truncateSync(
    join(
      directory,
      names.find((name) => name.endsWith("/index"))!,
    ),
    100,
  );
  expect(await open()).toEqual(tree);
  expect(kinds).toEqual(["layer-indexed"]);
  expect(await open()).toEqual(tree);
  expect(kinds).toEqual(["layer-cached"]);
});

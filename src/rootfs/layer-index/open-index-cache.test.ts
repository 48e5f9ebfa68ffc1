// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseDiffId } from "../../oci/digest.ts";
import { openImageFilesystem } from "../image-filesystem.ts";
import { isKnownBlob, type IndexProgress } from "./image-indexes.ts";
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

it("a layer index cache returns what was written last", async () => {
  const cache = openLayerIndexCache(directory);
  expect(await cache.read(DIFF_ID)).toBeUndefined();
  await cache.write(DIFF_ID, bytes(1, 2));
  expect(await cache.read(DIFF_ID)).toEqual(bytes(1, 2));
  await cache.write(DIFF_ID, bytes(3));
  expect(await openLayerIndexCache(directory).read(DIFF_ID)).toEqual(bytes(3));
});

it("a layer index cache keeps each version of the serialised form in a file of its own", async () => {
  await openLayerIndexCache(directory).write(DIFF_ID, bytes(1));
  const name = `sha256-${"1".repeat(64)}-v${LAYER_INDEX_VERSION}`;
  expect(readdirSync(directory, { recursive: true }).join("\n")).toContain(name);
});

it("a layer index cache knows the diffID of a blob that was read, and of no other", async () => {
  const cache = openLayerIndexCache(directory);
  const image = await makeImage([[file("a")]]);
  const { digest } = image.manifest.value.layers[0]!;
  expect(await isKnownBlob(image, 0, { cache })).toBe(false);
  await openImageFilesystem(image, { cache });
  expect(await isKnownBlob(image, 0, { cache })).toBe(true);
  await cache.blobs?.write(digest, DIFF_ID);
  expect(await isKnownBlob(image, 0, { cache })).toBe(false);
});

it("a layer index cache refuses an unsupported digest before it makes a path from it", async () => {
  const cache = openLayerIndexCache(directory);
  const unknown = parseDiffId("md5:abcdef");
  await expect(cache.read(unknown)).rejects.toMatchObject({ code: "unsupported-algorithm" });
  await expect(cache.write(unknown, bytes(1))).rejects.toMatchObject({
    code: "unsupported-algorithm",
  });
});

it("a layer whose cached index was cut short is read again, and the cached index is repaired", async () => {
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

it("a cached index of another version is ignored even under the current name, and made anew", async () => {
  const image = await makeImage([[file("a"), file("b")]]);
  const [diffId] = image.config.value.rootfs.diff_ids;
  const cache = openLayerIndexCache(directory);
  const kinds: string[] = [];
  const open = async (): Promise<string[]> => {
    kinds.length = 0;
    const onProgress = (event: IndexProgress): unknown => kinds.push(event.kind);
    return listTree(await openImageFilesystem(image, { cache, onProgress }));
  };
  const tree = await open();
  const good = (await cache.read(diffId!))!;
  for (const version of [LAYER_INDEX_VERSION - 1, LAYER_INDEX_VERSION + 1]) {
    const other = Buffer.from(good);
    new Uint32Array(other.buffer, other.byteOffset, 2)[1] = version;
    await cache.write(diffId!, withChecksum(other));
    expect(await open()).toEqual(tree);
    expect(kinds).toEqual(["layer-indexed"]);
    expect(await cache.read(diffId!)).toEqual(good);
  }
});

/** The bytes followed by their checksum, as the serialised form requires: valid except for their version. */
function withChecksum(bytes: Buffer): Buffer {
  const hash = createHash("sha256").update(bytes.subarray(0, -32)).digest();
  return Buffer.concat([bytes.subarray(0, -32), hash]);
}

it("a cached index of version 1 stays under its own name and is not read", async () => {
  const image = await makeImage([[file("a")]]);
  const [diffId] = image.config.value.rootfs.diff_ids;
  const old = join(directory, diffId!.replace(":", "-") + "-v1");
  mkdirSync(old);
  writeFileSync(join(old, "index"), "of version 1");
  const root = await openImageFilesystem(image, { cache: openLayerIndexCache(directory) });
  expect(listTree(root)).toEqual(["/ directory", "/a file"]);
  expect(readFileSync(join(old, "index"), "utf8")).toBe("of version 1");
});

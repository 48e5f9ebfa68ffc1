// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { drain } from "../../src/bytes/streams/read-all.ts";
import { readRecord, sidecarOf } from "../../src/disk/sidecar/unpack-record.ts";
import { readImage, type Image } from "../../src/image/image.ts";
import type { Descriptor } from "../../src/oci/documents/descriptor.ts";
import { isIndexType } from "../../src/oci/media-types.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import type { ReadableStore } from "../../src/store/store.ts";

/** Reads, and so verifies, all of an image. */
export async function readWhole(store: ReadableStore, root: Descriptor): Promise<void> {
  const { manifest } = await readImage(store, root);
  const { config, layers } = manifest.value;
  for (const part of [root, config, ...layers]) await drain(store.fetch(part));
}

/** Checks that a tag of a layout names this image and that the image is complete. */
export async function checkTag(directory: string, tag: string, image: Descriptor): Promise<void> {
  const store = await openLayout(directory);
  const found = await store.resolve(tag);
  assert.equal(found.digest, image.digest);
  await readWhole(store, found);
}

/**
 * Checks that everything a layout names is complete. A directory without the file oci-layout is not a layout
 * yet, and passes.
 */
export async function checkLayout(directory: string): Promise<void> {
  if (!existsSync(join(directory, "oci-layout"))) return;
  const store = await openLayout(directory);
  for (const root of await store.capabilities.roots()) {
    if (!isIndexType(root.mediaType)) await readWhole(store, root);
  }
}

/** The content of files by path. */
export type Contents = Readonly<Record<string, string>>;

/** Checks that the sidecar of a directory calls it complete, and that it contains these files. */
export function checkUnpacked(directory: string, image: Image, contents: Contents): void {
  const record = readRecord(sidecarOf(directory));
  assert.equal(record?.state, "complete");
  assert.equal(record.image.digest, image.descriptor.digest);
  for (const [path, content] of Object.entries(contents)) {
    assert.equal(readFileSync(join(directory, path), "utf8"), content, path);
  }
}

/** Checks that a directory which its sidecar calls complete contains the image that the sidecar names. */
export function checkSidecar(
  directory: string,
  images: readonly (readonly [Image, Contents])[],
): void {
  const record = readRecord(sidecarOf(directory));
  if (record?.state !== "complete") return;
  const found = images.find(([image]) => image.descriptor.digest === record.image.digest);
  assert(found !== undefined);
  checkUnpacked(directory, ...found);
}

/** Checks that every conversion that is in its place is complete. */
export function checkConversions(
  store: string,
  images: readonly (readonly [Image, Contents])[],
): void {
  const conversions = join(store, "conversions");
  if (!existsSync(conversions)) return;
  for (const key of readdirSync(conversions).filter((name) => !name.startsWith("."))) {
    const hex = key.slice("sha256-".length, "sha256-".length + 64);
    const found = images.find(([image]) => image.descriptor.digest.endsWith(hex));
    assert(found !== undefined, key);
    checkUnpacked(join(conversions, key, "rootfs"), ...found);
    assert(readFileSync(join(conversions, key, "image.json"), "utf8").includes(hex));
  }
}

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

/** A layout in which a tag names this image, whole. */
export async function checkTag(directory: string, tag: string, image: Descriptor): Promise<void> {
  const store = await openLayout(directory);
  const found = await store.resolve(tag);
  assert.equal(found.digest, image.digest);
  await readWhole(store, found);
}

/** Whatever a layout names is whole; one that does not say yet that it is a layout names nothing. */
export async function checkLayout(directory: string): Promise<void> {
  if (!existsSync(join(directory, "oci-layout"))) return;
  const store = await openLayout(directory);
  for (const root of await store.capabilities.roots()) {
    if (!isIndexType(root.mediaType)) await readWhole(store, root);
  }
}

/** Files by their paths. */
export type Contents = Readonly<Record<string, string>>;

/** A directory that its sidecar calls complete, with these files in it. */
export function checkUnpacked(directory: string, image: Image, contents: Contents): void {
  const record = readRecord(sidecarOf(directory));
  assert.equal(record?.state, "complete");
  assert.equal(record.image.digest, image.descriptor.digest);
  for (const [path, content] of Object.entries(contents)) {
    assert.equal(readFileSync(join(directory, path), "utf8"), content, path);
  }
}

/** If the sidecar calls a directory complete it is what the sidecar names. */
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

/** Every conversion that is in its place is whole. */
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

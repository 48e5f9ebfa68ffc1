// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sourceOf } from "../../bytes/bytes.ts";
import { MediaType } from "../../oci/media-types.ts";
import { buildImage, buildIndex, pushDocument } from "../../testing/build-image.ts";
import { blob } from "../../testing/store-contract/store-content.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { copy } from "../copy/copy.ts";
import { blobPath } from "../layout/layout-blobs.ts";
import { openLayout, type LayoutStore } from "../layout/layout.ts";
import { createMemoryStore } from "../memory-store.ts";

let directory: string;
let store: LayoutStore;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-garbage-"));
  store = await openLayout(directory, { create: true });
});
afterEach(() => rm(directory, { recursive: true }));

function blobs(): string[] {
  return readdirSync(join(directory, "blobs", "sha256")).sort();
}

/** Makes everything in the layout look old. */
function age(): void {
  for (const name of blobs()) utimesSync(join(directory, "blobs", "sha256", name), 0, 0);
}

describe("collecting garbage", () => {
  it("keeps everything reachable from a root: indexes, manifests, configs, layers, subjects", async () => {
    const image = await buildImage(store, { layers: [{ a: "a" }] });
    await buildIndex(store, [image], { tag: "multi" });
    const subject = await buildImage(store, { layers: [{ b: "b" }] });
    const note = await pushDocument(store, MediaType.manifest, {
      schemaVersion: 2,
      mediaType: MediaType.manifest,
      config: image.config,
      layers: [],
      subject: subject.descriptor,
    });
    await store.capabilities.addRoot(note);
    age();
    const before = blobs();
    expect(await collectGarbage(store)).toEqual({
      removed: [],
      removedBytes: 0,
      kept: before.length,
      untagged: [],
      suspicious: false,
    });
    expect(blobs()).toEqual(before);
  });

  it("removes an image that lost its tag once it is old, and reports it beforehand with dryRun", async () => {
    const kept = await buildImage(store, { tag: "kept", layers: [{ a: "a" }] });
    const gone = await buildImage(store, { tag: "gone", layers: [{ a: "a" }, { b: "b" }] });
    await store.capabilities.untag("gone");
    expect((await collectGarbage(store)).removed).toEqual([]);
    age();
    const plan = await collectGarbage(store, { dryRun: true });
    expect(existsSync(blobPath(directory, gone.descriptor.digest))).toBe(true);
    expect(await collectGarbage(store)).toEqual(plan);
    expect(plan.removed.map(({ digest }) => digest).sort()).toEqual(
      [gone.descriptor.digest, gone.config.digest, gone.layers[1]!.digest].sort(),
    );
    expect(plan.removedBytes).toBe(gone.descriptor.size + gone.config.size + gone.layers[1]!.size);
    await copy(store, kept.descriptor, createMemoryStore());
  });

  it("spares an old blob that a copy has just found in place", async () => {
    const { bytes, descriptor } = blob(100);
    await store.push(descriptor, sourceOf(bytes));
    age();
    expect(await store.exists(descriptor)).toBe(true);
    expect((await collectGarbage(store)).removed).toEqual([]);
  });

  it("works in a layout with missing content", async () => {
    const image = await buildImage(store, { tag: "sparse", layers: [{ a: "a" }] });
    await buildIndex(store, [image], { tag: "multi" });
    rmSync(blobPath(directory, image.descriptor.digest));
    age();
    const { removed } = await collectGarbage(store);
    expect(removed.map(({ digest }) => digest).sort()).toEqual(
      [image.config.digest, image.layers[0]!.digest].sort(),
    );
  });

  it("removes nothing when a manifest can't be read", async () => {
    const image = await buildImage(store, { tag: "damaged", layers: [{ a: "a" }] });
    const path = blobPath(directory, image.descriptor.digest);
    rmSync(path);
    writeFileSync(path, Buffer.alloc(image.descriptor.size));
    age();
    const before = blobs();
    await expect(collectGarbage(store, { minAge: 0 })).rejects.toMatchObject({
      code: "digest-mismatch",
    });
    expect(blobs()).toEqual(before);
  });

  it("leaves files that are not blobs, and waits for an editing process", async () => {
    const foreign = join(directory, "blobs", "sha256", "notes.txt");
    writeFileSync(foreign, "mine");
    utimesSync(foreign, 0, 0);
    await collectGarbage(store);
    expect(existsSync(foreign)).toBe(true);
    writeFileSync(join(directory, ".oci-kit.lock.0123456789ab.1.1.0123456789abcdef"), "x");
    const hurried = collectGarbage(store, { lockTimeout: 10 });
    await expect(hurried).rejects.toMatchObject({ code: "locked" });
  });
});

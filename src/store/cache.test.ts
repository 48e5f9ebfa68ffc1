// SPDX-License-Identifier: MIT
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildImage } from "../testing/build-image.ts";
import { inspectCache, pruneCache } from "./cache.ts";
import { markUsed } from "./cached-images.ts";
import { openDigestCache } from "./digest-cache.ts";
import { openJournal } from "./journal/journal.ts";
import { blobPath } from "./layout/layout-blobs.ts";
import { openLayout, type LayoutStore } from "./layout/layout.ts";
import { sweepCacheDaily } from "./sweep-cache.ts";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "oci-kit-cache-"));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const DAY = 86_400_000;

function daysAgo(days: number): Date {
  return new Date(Date.now() - days * DAY);
}

async function keep(part: string, key: string, bytes: number, days: number): Promise<void> {
  const path = await openDigestCache(join(cache, part)).getOrCreate(key, (fresh) => {
    writeFileSync(join(fresh, "index"), Buffer.alloc(bytes));
    return Promise.resolve();
  });
  utimesSync(path, daysAgo(days), daysAgo(days));
}

async function keepImage(content: string, days: number): Promise<LayoutStore> {
  const layout = await openLayout(join(cache, "blobs"), { create: true });
  const { descriptor } = await buildImage(layout, { layers: [{ file: content }] });
  await layout.capabilities.addRoot(descriptor);
  for (const name of readdirSync(join(cache, "blobs/blobs/sha256"))) {
    const path = join(cache, "blobs/blobs/sha256", name);
    utimesSync(path, daysAgo(days), daysAgo(days));
  }
  return layout;
}

async function keysAfter(maxAge: number, maxBytes: number): Promise<string[]> {
  await pruneCache(cache, { maxAge: maxAge * DAY, maxBytes });
  return (await inspectCache(cache)).items.map(({ key }) => key);
}

/** A temporary name made by a process of another machine. */
const LEFT = "oci-kit-spool.0123456789ab.12345.1.0123456789abcdef";

describe("a cache", () => {
  it("lists each item with its size and last use, the least recently used first", async () => {
    await keep("layer-indexes", "new", 500, 1);
    await keep("directories", "old", 300, 9);
    const { items, bytes } = await inspectCache(cache);
    expect(items.map(({ part, key, bytes: size }) => [part, key, size])).toEqual([
      ["directories", "old", 300],
      ["layer-indexes", "new", 500],
    ]);
    expect(bytes).toBe(800);
  });

  it("counts and removes plain files, as those of compiled code are", async () => {
    mkdirSync(join(cache, "code"));
    const file = join(cache, "code", "main.js-v20.20.2-x64");
    writeFileSync(file, "12345");
    utimesSync(file, daysAgo(40), daysAgo(40));
    expect((await inspectCache(cache)).items).toMatchObject([{ part: "code", bytes: 5 }]);
    const { removed } = await pruneCache(cache, { maxAge: 30 * DAY, maxBytes: 1e9 });
    expect(removed).toHaveLength(1);
    expect(readdirSync(join(cache, "code"))).toEqual([]);
  });

  it("counts as empty when its directory is missing, and pruning does not create it", async () => {
    rmSync(cache, { recursive: true });
    expect(await inspectCache(cache)).toMatchObject({ items: [], bytes: 0 });
    await pruneCache(cache, { maxAge: 0, maxBytes: 0 });
    await sweepCacheDaily(cache);
    expect(existsSync(cache)).toBe(false);
  });

  it("is pruned of items that are too old, then of the least recently used ones, but not of any used in the last hour", async () => {
    await keep("layer-indexes", "ancient", 100, 40);
    await keep("layer-indexes", "older", 400, 9);
    await keep("directories", "newer", 400, 5);
    await keep("layer-indexes", "now", 400, 0);
    expect(await keysAfter(30, 1e9)).toEqual(["older", "newer", "now"]);
    expect(await keysAfter(30, 900)).toEqual(["newer", "now"]);
    expect(await keysAfter(30, 0)).toEqual(["now"]);
  });

  it("reports what pruning would remove with dryRun, and keeps everything", async () => {
    await keep("layer-indexes", "old", 100, 40);
    const planned = await pruneCache(cache, { maxAge: DAY, maxBytes: 1e9, dryRun: true });
    expect(planned).toMatchObject({ removed: [{ key: "old" }], removedBytes: 100, bytes: 0 });
    expect((await inspectCache(cache)).items).toHaveLength(1);
  });

  it("counts the content of an image, keeps an image that was used again, and removes an old one with its layers", async () => {
    const layout = await keepImage("one", 40);
    const [one] = await layout.capabilities.roots();
    expect((await inspectCache(cache)).bytes).toBe(sizeOf(layout));
    markUsed(layout, one!.digest);
    expect(await keysAfter(30, 1e9)).toEqual([one!.digest]);
    utimesSync(blobPath(layout.directory, one!.digest), daysAgo(40), daysAgo(40));
    expect(await keysAfter(30, 1e9)).toEqual([]);
    expect(readdirSync(join(cache, "blobs/blobs/sha256"))).toEqual([]);
  });

  it("is cleared of temporary files of another machine's killed processes after a day", async () => {
    mkdirSync(join(cache, "spool"));
    writeFileSync(join(cache, "spool", LEFT), "x");
    utimesSync(join(cache, "spool", LEFT), daysAgo(2), daysAgo(2));
    await pruneCache(cache, { maxAge: DAY, maxBytes: 0 });
    expect(readdirSync(join(cache, "spool"))).toEqual([]);
  });

  it("lists uploads that were left, by what they are of, and spares those that are under way", async () => {
    const journal = openJournal(join(cache, "uploads"));
    journal.create("left", "registry.example/a@sha256:1", "secret").release();
    journal.create("under-way", "registry.example/b@sha256:2", "secret");
    const { items } = await inspectCache(cache);
    expect(items).toMatchObject([{ part: "uploads", key: "registry.example/a@sha256:1" }]);
    expect(await keysAfter(-1, 0)).toEqual([]);
    expect(readdirSync(join(cache, "uploads"))).toHaveLength(1);
  });

  it("leaves folders alone that are none of its own", async () => {
    mkdirSync(join(cache, "Documents"));
    writeFileSync(join(cache, "Documents", "letter"), "12345");
    utimesSync(join(cache, "Documents", "letter"), daysAgo(400), daysAgo(400));
    expect(await keysAfter(0, 0)).toEqual([]);
    expect(await inspectCache(cache)).toMatchObject({ items: [], bytes: 0 });
    expect(readdirSync(join(cache, "Documents"))).toEqual(["letter"]);
  });

  it("is pruned automatically once a day", async () => {
    await keep("layer-indexes", "first", 1, 40);
    await sweepCacheDaily(cache);
    expect((await inspectCache(cache)).items).toEqual([]);
    await keep("layer-indexes", "second", 1, 40);
    await sweepCacheDaily(cache);
    expect((await inspectCache(cache)).items).toHaveLength(1);
    utimesSync(join(cache, ".swept"), daysAgo(2), daysAgo(2));
    await sweepCacheDaily(cache);
    expect((await inspectCache(cache)).items).toEqual([]);
  });
});

function sizeOf(layout: LayoutStore): number {
  const blobs = join(layout.directory, "blobs/sha256");
  return readdirSync(blobs).reduce((sum, name) => sum + lstatSync(join(blobs, name)).size, 0);
}

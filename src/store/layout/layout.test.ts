// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sourceOf } from "../../bytes/bytes.ts";
import { drain } from "../../bytes/streams/read-all.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { digestEncoded, type Digest } from "../../oci/digest.ts";
import { buildImage, buildIndex } from "../../testing/build-image.ts";
import { blob } from "../../testing/store-contract/store-content.ts";
import { contentStoreSuite } from "../../testing/store-contract/content-store-suite.ts";
import { openLayout, type LayoutStore } from "./layout.ts";

let directory: string;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "oci-kit-layout-")), "layout");
});
afterEach(() => rm(join(directory, ".."), { recursive: true }));

contentStoreSuite(
  { describe, it },
  {
    name: "layout directory",
    open: async () => ({
      store: await openLayout(directory, { create: true }),
      close: () => Promise.resolve(),
      reread: async () => ({
        store: await openLayout(directory),
        close: () => Promise.resolve(),
      }),
    }),
  },
);

function pathOf(digest: Digest): string {
  return join(directory, "blobs", "sha256", digestEncoded(digest));
}

async function pushBlob(store: LayoutStore, size = 5_000): Promise<Descriptor> {
  const { bytes, descriptor } = blob(size);
  await store.push(descriptor, sourceOf(bytes));
  return descriptor;
}

describe("opening a layout directory", () => {
  it("creates the files of the spec, and leaves no others", async () => {
    const store = await openLayout(directory, { create: true });
    await buildImage(store, { tag: "a", layers: [{ "etc/": "", "etc/x": "x" }] });
    expect(readdirSync(directory).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
    expect(readFileSync(join(directory, "oci-layout"), "utf8")).toBe(
      '{"imageLayoutVersion":"1.0.0"}',
    );
    const blobs = join(directory, "blobs", "sha256");
    for (const name of readdirSync(blobs)) {
      expect(statSync(join(blobs, name)).mode & 0o777).toBe(0o444);
    }
  });
  it("distinguishes a missing directory from one that is not a layout", async () => {
    await expect(openLayout(directory)).rejects.toMatchObject({ code: "not-found" });
    mkdirSync(directory);
    await expect(openLayout(directory)).rejects.toMatchObject({ code: "invalid-layout" });
    writeFileSync(join(directory, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
    await expect(openLayout(directory)).rejects.toMatchObject({
      code: "invalid-layout",
      message: expect.stringContaining('got "2.0.0"') as string,
    });
  });
  it("creates no layout among other files", async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, "precious"), "");
    const opening = openLayout(directory, { create: true });
    await expect(opening).rejects.toMatchObject({ code: "invalid-layout" });
    expect(readdirSync(directory)).toEqual(["precious"]);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, "a file");
    await expect(openLayout(directory, { create: true })).rejects.toMatchObject({
      code: "unwritable",
    });
  });
  it("completes a layout whose creation was interrupted", async () => {
    mkdirSync(join(directory, "blobs"), { recursive: true });
    const store = await openLayout(directory, { create: true });
    expect(await store.capabilities.roots()).toEqual([]);
  });
  it("works for many callers who create the layout at the same time, and keeps what is there", async () => {
    const opened = await Promise.all(
      Array.from({ length: 6 }, () => openLayout(directory, { create: true })),
    );
    await buildImage(opened[0]!, { tag: "kept" });
    const again = await openLayout(directory, { create: true });
    expect(await again.capabilities.tags()).toEqual(["kept"]);
  });
});

describe("a layout directory with something else in place of a file", () => {
  const disguises: Record<string, (path: string, target: string) => void> = {
    "a symbolic link": (path, target) => symlinkSync(target, path),
    "a fifo": (path) => execFileSync("mkfifo", [path]),
    "a directory": (path) => mkdirSync(path),
  };
  for (const [kind, disguise] of Object.entries(disguises)) {
    it(`refuses ${kind} in place of a blob, and never hangs on it`, async () => {
      const store = await openLayout(directory, { create: true });
      const { bytes, descriptor } = blob(5_000);
      await store.push(descriptor, sourceOf(bytes));
      const path = pathOf(descriptor.digest);
      renameSync(path, join(directory, "..", "outside"));
      disguise(path, join(directory, "..", "outside"));
      const refused = { code: "invalid-layout" };
      await expect(drain(store.fetch(descriptor))).rejects.toMatchObject(refused);
      await expect(store.exists(descriptor)).rejects.toMatchObject(refused);
      await expect(store.push(descriptor, sourceOf(bytes))).rejects.toMatchObject(refused);
      await expect(store.resolve(descriptor.digest)).rejects.toMatchObject(refused);
    });
    it(`refuses ${kind} in place of its documents`, async () => {
      await openLayout(directory, { create: true });
      for (const name of ["index.json", "oci-layout"]) {
        const path = join(directory, name);
        const outside = join(directory, "..", name);
        renameSync(path, outside);
        disguise(path, outside);
        const listing = openLayout(directory).then((store) => store.capabilities.tags());
        await expect(listing).rejects.toMatchObject({ code: "invalid-layout" });
        rmSync(path, { recursive: true });
        renameSync(outside, path);
      }
    });
  }
  it("refuses blobs behind a link", async () => {
    const store = await openLayout(directory, { create: true });
    const descriptor = await pushBlob(store);
    for (const part of ["blobs/sha256", "blobs"]) {
      const path = join(directory, part);
      const outside = join(directory, "..", "outside");
      renameSync(path, outside);
      symlinkSync(outside, path);
      await expect(store.exists(descriptor)).rejects.toMatchObject({ code: "invalid-layout" });
      const reading = drain(store.fetch(descriptor));
      await expect(reading).rejects.toMatchObject({ code: "invalid-layout" });
      rmSync(path);
      renameSync(outside, path);
    }
  });
  it("refuses an index.json that exceeds the limits", async () => {
    const store = await openLayout(directory, { create: true, limits: { documentBytes: 1_000 } });
    writeFileSync(join(directory, "index.json"), " ".repeat(1_001));
    await expect(store.capabilities.roots()).rejects.toMatchObject({ code: "limit-exceeded" });
  });
});

describe("a damaged layout directory", () => {
  it("never yields wrong bytes as if they were right", async () => {
    const store = await openLayout(directory, { create: true });
    const descriptor = await pushBlob(store);
    const path = pathOf(descriptor.digest);
    rmSync(path);
    writeFileSync(path, Buffer.alloc(descriptor.size));
    await expect(drain(store.fetch(descriptor))).rejects.toMatchObject({ code: "digest-mismatch" });
  });
  it("accepts a blob again that was stored truncated, so that an interrupted copy can be repeated", async () => {
    const store = await openLayout(directory, { create: true });
    const { bytes, descriptor } = blob(5_000);
    await store.push(descriptor, sourceOf(bytes));
    const path = pathOf(descriptor.digest);
    rmSync(path);
    writeFileSync(path, bytes.subarray(0, 100));
    expect(await store.exists(descriptor)).toBe(false);
    await store.push(descriptor, sourceOf(bytes));
    expect(await drain(store.fetch(descriptor))).toBe(5_000);
    truncateSync(join(directory, "index.json"));
    await expect(store.resolve("any")).rejects.toMatchObject({ code: "invalid-json" });
  });
  it("sweeps temporary files of unknown writers once they are old", async () => {
    const store = await openLayout(directory, { create: true });
    const old = join(directory, ".oci-kit.ingest.0123456789ab.1.1.0123456789abcdef");
    const fresh = join(directory, ".oci-kit.ingest.0123456789ab.1.1.aaaaaaaaaaaaaaaa");
    writeFileSync(old, "half a blob");
    utimesSync(old, 0, 0);
    writeFileSync(fresh, "half a blob");
    await pushBlob(store);
    expect(existsSync(old)).toBe(false);
    expect(existsSync(fresh)).toBe(true);
  });
});

describe("index.json", () => {
  it("keeps unknown fields and annotations through every edit", async () => {
    const store = await openLayout(directory, { create: true });
    const built = await buildImage(store, { layers: [{ a: "a" }] });
    const path = join(directory, "index.json");
    const entry = {
      ...built.descriptor,
      annotations: { "org.opencontainers.image.ref.name": "old", "x.y": "z" },
      "x-entry": { deep: [1, null] },
    };
    const index = { schemaVersion: 2, manifests: [entry], annotations: { a: "b" }, "x-top": true };
    writeFileSync(path, JSON.stringify(index));
    await store.tag(built.descriptor, "new");
    await store.tag(built.descriptor, "old");
    await store.capabilities.untag("new");
    await store.capabilities.addRoot(built.descriptor);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(index);
  });
  it("keeps the platform of an image that was part of an index", async () => {
    const store = await openLayout(directory, { create: true });
    const built = await buildImage(store, { platform: { os: "linux", architecture: "riscv64" } });
    await buildIndex(store, [built], { tag: "multi" });
    await store.tag(built.descriptor, "one");
    const { platform } = await store.resolve("one");
    expect(platform).toEqual({ os: "linux", architecture: "riscv64" });
  });
  it("loses no edit when several stores edit it at the same time", async () => {
    const stores = await Promise.all(
      Array.from({ length: 4 }, () => openLayout(directory, { create: true })),
    );
    const { descriptor } = await buildImage(stores[0]!);
    const tags = Array.from({ length: 24 }, (_, at) => `t${at}`);
    await Promise.all(tags.map((tag, at) => stores[at % 4]!.tag(descriptor, tag)));
    expect(await stores[0]!.capabilities.tags()).toEqual(tags.sort());
  });
  it("gives an error that names the lock's holder when it can't be edited in time", async () => {
    const store = await openLayout(directory, { create: true, lockTimeout: 10 });
    const { descriptor } = await buildImage(store);
    writeFileSync(join(directory, ".oci-kit.lock.0123456789ab.1.1.0123456789abcdef"), "a friend");
    await expect(store.tag(descriptor, "t")).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining("a friend") as string,
    });
  });
});

if (existsSync("/proc/self/fd")) {
  describe("file descriptors", () => {
    it("are closed when a reader stops early", async () => {
      const store = await openLayout(directory, { create: true });
      const descriptor = await pushBlob(store, 600_000);
      const open = (): number => readdirSync("/proc/self/fd").length;
      const before = open();
      for (let round = 0; round < 50; round += 1) {
        for await (const chunk of store.fetch(descriptor)) {
          if (chunk.length > 0) break;
        }
      }
      expect(open()).toBeLessThan(before + 10);
    });
  });
}

// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { otherContent } from "../../../test/fixtures/bytes/streams.ts";
import { startRecordingProxy } from "../../../test/fixtures/recording-proxy.ts";
import { watchStore } from "../../../test/fixtures/watched-store.ts";
import { once, type Source } from "../../bytes/bytes.ts";
import { compress } from "../../bytes/compression.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { MediaType, type Compression } from "../../oci/media-types.ts";
import { openRepository } from "../../registry/repository.ts";
import { openImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { serveRegistry } from "../../server/serve.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import type { ContentStore } from "../../store/store.ts";
import { buildImage, buildLayer, layerTar, pushDocument } from "../../testing/build-image.ts";
import { appendLayer } from "./append-layer.ts";
import { editConfig } from "./edit-config.ts";
import { readImage, type Image } from "../image.ts";
import { viewOf, type NewLayer } from "./image-view.ts";
import { writeImage } from "./write-image.ts";

const TAR: Source = { open: () => layerTar({ "opt/new": "new" }) };

function newLayer(more: Partial<NewLayer> = {}): NewLayer {
  return { name: "new.tar", source: TAR, compression: "none", storedAs: "gzip", ...more };
}

async function baseIn(store: ContentStore): Promise<Image> {
  const layers = [{ a: "1" }, { b: "2" }];
  const { descriptor } = await buildImage(store, { layers, annotations: { k: "v" }, tag: "base" });
  return readImage(store, descriptor);
}

/** An image as `docker push` writes it, with keys that nobody knows and nulls. */
async function dockerImage(store: ContentStore): Promise<Image> {
  const { descriptor: layer, diffId } = await buildLayer(store, { a: "1" });
  const config = await pushDocument(store, MediaType.dockerConfig, {
    unknown: { deep: [1] },
    os: "linux",
    config: { Cmd: null, Zebra: 1, Env: ["A=1"], Entrypoint: null },
    rootfs: { diff_ids: [diffId], type: "layers" },
    architecture: "amd64",
    history: [{ created_by: "x", strange: true }],
  });
  const manifest = await pushDocument(store, MediaType.dockerManifest, {
    strange: "key",
    schemaVersion: 2,
    mediaType: MediaType.dockerManifest,
    config: { size: config.size, digest: config.digest, mediaType: config.mediaType },
    layers: [{ ...layer, mediaType: MediaType.dockerLayerGzip }],
  });
  return readImage(store, manifest);
}

describe("writeImage", () => {
  it.each([
    ["an OCI image", baseIn],
    ["Docker's image", dockerImage],
  ])("writes %s byte for byte when nothing was edited", async (_, make) => {
    const image = await make(createMemoryStore());
    const target = createMemoryStore();
    const view = editConfig(viewOf(image), {
      env: { set: {} },
      cmd: null,
      labels: { clear: true },
    });
    const written = await writeImage(view, target, { tag: "same" });
    expect(written.descriptor.digest).toBe(image.descriptor.digest);
    expect((await target.resolve("same")).mediaType).toBe(image.descriptor.mediaType);
    expect(written.made).toEqual({ count: 0, bytes: 0 });
  });

  it("keeps all unknown fields of a Docker image, and makes it an OCI image", async () => {
    const image = await dockerImage(createMemoryStore());
    const target = createMemoryStore();
    const { descriptor } = await writeImage(editConfig(viewOf(image), { user: "me" }), target);
    const edited = await readImage(target, descriptor);
    expect(edited.manifest.value).toMatchObject({
      strange: "key",
      mediaType: MediaType.manifest,
      config: { mediaType: MediaType.config },
      layers: [{ mediaType: MediaType.layerGzip, digest: image.manifest.value.layers[0]!.digest }],
    });
    const before = new TextDecoder().decode(image.config.bytes);
    const after = new TextDecoder().decode(edited.config.bytes);
    expect(after).toBe(before.replace('"Entrypoint":null', '"Entrypoint":null,"User":"me"'));
  });

  it("copies none of the base's bytes when the base is in the target store", async () => {
    const { store, written, read } = watchStore();
    const base = await baseIn(store);
    written.length = read.length = 0;
    const image = await writeImage(appendLayer(viewOf(base), newLayer()), store, { tag: "new" });
    expect(read).toEqual([]);
    const { manifest, config } = await readImage(store, await store.resolve("new"));
    const added = manifest.value.layers[2]!.digest;
    expect(written).toEqual([added, manifest.value.config.digest, manifest.descriptor.digest]);
    expect(image).toMatchObject({
      made: { count: 1 },
      skipped: { count: 2 },
      copied: { count: 0 },
    });
    expect(config.value.rootfs.diff_ids).toHaveLength(3);
  });

  it("copies none of the base's bytes when the base is in the target registry", async () => {
    const directory = await mkdtemp(join(tmpdir(), "oci-kit-view-"));
    const server = await serveRegistry({ directory });
    const proxy = await startRecordingProxy(server.port);
    try {
      const from = openRepository({ registry: proxy.host, repository: "base" });
      const base = await baseIn(from);
      const layers = base.manifest.value.layers.map(({ digest }) => digest);
      for (const repository of ["base", "other"]) {
        proxy.requests.length = 0;
        const to = openRepository({ registry: proxy.host, repository });
        await writeImage(appendLayer(viewOf(base), newLayer()), to, { tag: "new" });
        const gets = proxy.requests.filter((request) => request.startsWith("GET"));
        expect(gets.filter((request) => layers.some((digest) => request.endsWith(digest)))).toEqual(
          [],
        );
        const uploads = proxy.requests.filter((request) => /^PUT .*uploads/.test(request));
        const manifests = proxy.requests.filter((request) => /^PUT .*manifests/.test(request));
        expect(manifests).toEqual([`PUT /v2/${repository}/manifests/new`]);
        // The new layer and the configuration. What the first repository has is not the second's.
        expect(uploads).toHaveLength(2);
        const root = await openImageFilesystem(await readImage(to, await to.resolve("new")));
        expect([...root.paths()].map(([path]) => path)).toEqual([
          "/",
          "/a",
          "/b",
          "/opt",
          "/opt/new",
        ]);
      }
    } finally {
      await proxy.close();
      await server.close();
      await rm(directory, { recursive: true });
    }
  });

  it("lets a registry mount layers from another repository", async () => {
    const base = await baseIn(createMemoryStore());
    const { store, written } = watchStore();
    const asked: unknown[] = [];
    const mount = (_: unknown, from: unknown) => Promise.resolve(asked.push(from) > 0);
    const target = { ...store, capabilities: { ...store.capabilities, mount } };
    const image = await writeImage(appendLayer(viewOf(base), newLayer()), target);
    expect(asked).toEqual([base.store, base.store]);
    expect(image.mounted).toMatchObject({ count: 2 });
    expect(written).toHaveLength(3);
  });

  it("gives the same image every time, and returns it from a dry run", async () => {
    const base = await baseIn(createMemoryStore());
    const view = appendLayer(viewOf(base), newLayer());
    const { store, written } = watchStore();
    const dry = await writeImage(view, store, { dryRun: true, tag: "new" });
    expect(written).toEqual([]);
    await expect(store.resolve("new")).rejects.toMatchObject({ code: "not-found" });
    for (const target of [createMemoryStore(), createMemoryStore()]) {
      const image = await writeImage(view, target, { tag: "new" });
      expect(image).toEqual(dry);
      expect((await target.resolve("new")).digest).toBe(dry.descriptor.digest);
    }
  });

  it.each<[Compression, Compression]>([
    ["none", "none"],
    ["none", "zstd"],
    ["gzip", "gzip"],
    ["zstd", "zstd"],
    ["gzip", "zstd"],
    ["zstd", "gzip"],
    ["gzip", "none"],
  ])("stores a layer that is %s as %s", async (compression, storedAs) => {
    const base = await baseIn(createMemoryStore());
    const blob = await readAll(compress(TAR.open(), compression, { level: 1 }), 1 << 20, "layer");
    const source = { open: () => once(blob) };
    const view = appendLayer(viewOf(base), newLayer({ source, compression, storedAs }));
    const target = createMemoryStore();
    const { layers } = await writeImage(view, target);
    const { descriptor, diffId } = layers[2]!;
    expect(diffId).toBe(digestBytes(await readAll(TAR.open(), 1 << 20, "tar")));
    const isKept = descriptor.digest === digestBytes(blob);
    expect(isKept).toBe(compression === storedAs);
    await openImageFilesystem(await readImage(target, (await target.capabilities.roots())[0]!));
  });

  it("makes the image a root only if asked to", async () => {
    const base = await baseIn(createMemoryStore());
    const target = createMemoryStore();
    await writeImage(viewOf(base), target, { keepRoot: false });
    expect(await target.capabilities.roots()).toEqual([]);
    await writeImage(viewOf(base), target);
    expect(await target.capabilities.roots()).toHaveLength(1);
  });

  it.each([
    ["no tar", { open: () => once(new TextEncoder().encode("x".repeat(2000))) }, "invalid-layer"],
    [
      "a layer that leads out of the root",
      { open: () => layerTar({ "../x": "1" }) },
      "path-escape",
    ],
  ])("refuses %s, and leaves no image", async (_, source, code) => {
    const base = await baseIn(createMemoryStore());
    const target = createMemoryStore();
    const view = appendLayer(viewOf(base), newLayer({ source }));
    await expect(writeImage(view, target, { tag: "new" })).rejects.toMatchObject({ code });
    expect(await target.capabilities.roots()).toEqual([]);
  });

  it("refuses a layer that changes while it is read", async () => {
    const base = await baseIn(createMemoryStore());
    let opened = 0;
    const source = {
      open: () => compress(layerTar({ changing: String((opened += 1)) }), "gzip"),
    };
    const view = appendLayer(viewOf(base), newLayer({ source, compression: "gzip" }));
    await expect(writeImage(view, createMemoryStore())).rejects.toMatchObject({
      code: expect.stringMatching(/^(digest|size)-mismatch$/) as string,
    });
  });

  it("says which layer of the base is damaged, and where", async () => {
    const base = await baseIn(createMemoryStore());
    const broken = { ...base.store, fetch: () => otherContent(new Uint8Array(3)) };
    const view = viewOf({ ...base, store: broken });
    await expect(writeImage(view, createMemoryStore())).rejects.toMatchObject({
      name: "CopyError",
      code: "size-mismatch",
    });
  });

  it("reports progress", async () => {
    const base = await baseIn(createMemoryStore());
    const large = { open: () => layerTar({ large: new Uint8Array(3 * 1024 * 1024) }) };
    const told = new Set<string>();
    const onProgress = ({ kind }: { kind: string }) => void told.add(kind);
    const view = appendLayer(viewOf(base), newLayer({ source: large }));
    await writeImage(view, createMemoryStore(), { tag: "t", onProgress });
    expect([...told]).toEqual(["planned", "started", "finished", "making", "tagged"]);
  });
});

describe("appendLayer", () => {
  it("adds an entry to the history, and keeps the image's time if no other is given", async () => {
    const base = await baseIn(createMemoryStore());
    const view = appendLayer(viewOf(base), newLayer());
    expect(view.config.value.created).toBe("1970-01-01T00:00:00Z");
    expect(view.config.value.history).toEqual([
      { created: "1970-01-01T00:00:00Z", created_by: "test" },
      { created: "1970-01-01T00:00:00Z", created_by: "test" },
      { created: "1970-01-01T00:00:00Z", created_by: "oci-kit append: new.tar" },
    ]);
    const created = "2026-01-02T03:04:05Z";
    const later = appendLayer(view, newLayer(), { created });
    expect(later.config.value).toMatchObject({ created, history: [{}, {}, {}, { created }] });
    expect(later.config.value.config).toEqual(base.config.value.config);
  });
});

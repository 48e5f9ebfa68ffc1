// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { once } from "../../bytes/bytes.ts";
import { compress } from "../../bytes/compression.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { drain, readAll } from "../../bytes/streams/read-all.ts";
import { digestEncoded } from "../../oci/digest.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType, type Compression } from "../../oci/media-types.ts";
import { buildImage, buildIndex, layerTar, pushDocument } from "../../testing/build-image.ts";
import { rawEntry, rawTar } from "../../testing/raw-tar.ts";
import { collect } from "../../testing/store-contract/store-content.ts";
import type { ArchiveReader } from "./archive-store.ts";
import { copy } from "../copy/copy.ts";
import { createDockerArchive, openDockerArchive } from "./docker-archive.ts";
import { createMemoryStore } from "../memory-store.ts";
import { openOciArchive } from "./oci-archive.ts";
import { readConfig, readManifest } from "../read-documents.ts";

let directory: string;
let file: string;
const opened: ArchiveReader[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-docker-"));
  file = join(directory, "image.tar");
});
afterEach(async () => {
  for (const archive of opened.splice(0)) await archive.close();
  await rm(directory, { recursive: true });
});

async function open(): Promise<ArchiveReader> {
  const archive = await openDockerArchive(file);
  opened.push(archive);
  return archive;
}

interface Legacy {
  readonly entries: Uint8Array[];
  readonly layers: readonly Uint8Array[];
  readonly config: Uint8Array;
  readonly manifest: { Config: string; RepoTags: string[] | null; Layers: string[] }[];
}

/** An archive as `docker save` wrote it before Docker 25, with one layer twice: the second one is a link to the first. */
async function legacy(compression: Compression = "none"): Promise<Legacy> {
  const tar = await collect(layerTar({ "etc/": "", "etc/a": "a" }));
  const stored = await collect(compress(once(tar), compression));
  const other = await collect(layerTar({ b: "b" }));
  const config = formatJson({
    architecture: "riscv64",
    os: "linux",
    config: { Healthcheck: { Test: ["NONE"] } },
    rootfs: { type: "layers", diff_ids: [tar, other, tar].map((bytes) => digestBytes(bytes)) },
    "x-docker": "kept",
  });
  const name = `${digestEncoded(digestBytes(config))}.json`;
  const manifest = [
    {
      Config: name,
      RepoTags: ["a/b:1", "a/b:2"],
      Layers: ["1/layer.tar", "2/layer.tar", "3/layer.tar"],
    },
  ];
  const entries = [
    rawEntry({ name: "1/", typeFlag: "5" }),
    rawEntry({ name: "1/layer.tar" }, stored),
    rawEntry({ name: "./2/layer.tar" }, other),
    rawEntry({ name: "3/layer.tar", typeFlag: "2", linkName: "../1/layer.tar" }),
    rawEntry({ name }, config),
  ];
  return { entries, layers: [stored, other], config, manifest };
}

function write({ entries, manifest }: Pick<Legacy, "entries" | "manifest">): void {
  const list = rawEntry({ name: "manifest.json" }, formatJson(manifest));
  writeFileSync(file, rawTar(...entries, list));
}

describe("reading the older format of docker save", () => {
  for (const compression of ["none", "gzip"] as const) {
    it(`makes a manifest that keeps the config's original bytes (layers: ${compression})`, async () => {
      const saved = await legacy(compression);
      write(saved);
      const store = await open();
      expect(await store.capabilities.tags?.()).toEqual(["a/b:1", "a/b:2"]);
      const root = await store.resolve("docker.io/a/b:2");
      const manifest = await readManifest(store, root);
      const [first, second, third] = manifest.value.layers;
      expect(third).toEqual(first);
      expect(first?.mediaType).toBe(compression === "gzip" ? MediaType.layerGzip : MediaType.layer);
      expect(await collect(store.fetch(first!))).toEqual(saved.layers[0]);
      expect(await collect(store.fetch(second!))).toEqual(saved.layers[1]);
      const config = await readConfig(store, manifest.value.config);
      expect(config.bytes).toEqual(saved.config);
      expect((await copy(store, root, createMemoryStore())).copied.count).toBe(4);
    });
  }
  it("keeps several images apart, including those without a name", async () => {
    const saved = await legacy();
    const nameless = { ...saved.manifest[0]!, RepoTags: null };
    write({ ...saved, manifest: [...saved.manifest, nameless] });
    const store = await open();
    expect(await store.capabilities.roots?.()).toHaveLength(3);
  });
  it("refuses a plain layer that does not match the config when it is read", async () => {
    const saved = await legacy();
    saved.entries[2] = rawEntry({ name: "2/layer.tar" }, saved.layers[0]);
    write(saved);
    const store = await open();
    const { value } = await readManifest(store, await store.resolve("a/b:1"));
    await expect(drain(store.fetch(value.layers[1]!))).rejects.toMatchObject({
      code: "digest-mismatch",
    });
  });
  it("refuses a compressed layer that does not match the config when the archive is opened", async () => {
    const saved = await legacy();
    const wrong = await collect(compress(once(saved.layers[0]!), "gzip"));
    saved.entries[2] = rawEntry({ name: "2/layer.tar" }, wrong);
    write(saved);
    await expect(open()).rejects.toMatchObject({ code: "diff-id-mismatch" });
  });
  it("refuses a config whose name is the digest of another one", async () => {
    const saved = await legacy();
    const [image] = saved.manifest;
    saved.entries[4] = rawEntry(
      { name: image!.Config },
      `${new TextDecoder().decode(saved.config)} `,
    );
    write(saved);
    await expect(open()).rejects.toMatchObject({ code: "digest-mismatch" });
  });
  it("refuses more or fewer layers than the config has", async () => {
    const saved = await legacy();
    for (const Layers of [["1/layer.tar"], Array<string>(4).fill("1/layer.tar")]) {
      write({ ...saved, manifest: [{ ...saved.manifest[0]!, Layers }] });
      await expect(open()).rejects.toMatchObject({ code: "invalid-archive" });
    }
  });
  it("refuses an invalid manifest.json, and says which file is missing", async () => {
    const saved = await legacy();
    const image = saved.manifest[0]!;
    const lists: [unknown, RegExp][] = [
      [[], /expected an image/],
      [{}, /expected an array of images/],
      [[{ ...image, Layers: "1/layer.tar" }], /Layers/],
      [[{ ...image, LAYERS: [] }], /one key that readers take for "Layers"/],
      [[{ ...image, Config: "../../etc/passwd" }], /no such entry/],
      [[{ ...image, Layers: ["1/layer.tar", "2/layer.tar", "4/layer.tar"] }], /4\/layer.tar/],
    ];
    for (const [manifest, message] of lists) {
      write({ ...saved, manifest: manifest as Legacy["manifest"] });
      await expect(open()).rejects.toMatchObject({
        code: "invalid-archive",
        message: expect.stringMatching(message) as string,
      });
    }
    writeFileSync(file, rawTar(...saved.entries));
    await expect(open()).rejects.toMatchObject({ code: "invalid-archive" });
  });
});

describe("a docker archive written by this library", () => {
  it("keeps digests, and names images as docker does", async () => {
    const source = createMemoryStore();
    const { descriptor } = await buildImage(source, { layers: [{ a: "a" }] });
    const writer = await createDockerArchive(file);
    await copy(source, descriptor, writer, { tag: "alpine" });
    await copy(source, descriptor, writer, { tag: "example.org/a/b:v1" });
    await writer.close();
    const store = await open();
    for (const name of ["alpine", "alpine:latest", "docker.io/library/alpine:latest", "v1"]) {
      expect((await store.resolve(name)).digest).toBe(descriptor.digest);
    }
    const [first] = (await store.capabilities.roots?.()) ?? [];
    expect(first?.annotations?.["io.containerd.image.name"]).toBe(
      "docker.io/library/alpine:latest",
    );
  });
  it("refuses an index, because docker loads only images", async () => {
    const writer = await createDockerArchive(file);
    const image = await buildImage(writer, { layers: [{ a: "a" }] });
    const index = await buildIndex(writer, [image]);
    const refused = { code: "unsupported-operation" };
    await expect(writer.tag(index, "multi")).rejects.toMatchObject(refused);
    await expect(writer.capabilities.addRoot(index)).rejects.toMatchObject(refused);
    const config = { ...image.config, mediaType: "text/plain" };
    const artifact = await pushDocument(writer, MediaType.manifest, {
      schemaVersion: 2,
      mediaType: MediaType.manifest,
      config,
      layers: [],
    });
    await writer.tag(artifact, "note");
    await expect(writer.close()).rejects.toMatchObject(refused);
    expect(readdirSync(directory)).toEqual([]);
  });
  it("does not exist before it is closed, nor after it was discarded, nor without an image", async () => {
    const discarded = await createDockerArchive(file);
    await buildImage(discarded, { tag: "a" });
    await discarded.discard();
    await discarded.close();
    const empty = await createDockerArchive(file);
    await expect(empty.close()).rejects.toMatchObject({ code: "invalid-argument" });
    expect(readdirSync(directory)).toEqual([]);
  });
  it("refuses a file that exists, unless it is empty or may be replaced", async () => {
    writeFileSync(file, "precious");
    await expect(createDockerArchive(file)).rejects.toMatchObject({ code: "already-exists" });
    expect(readdirSync(directory)).toEqual(["image.tar"]);
    writeFileSync(file, "");
    await (await createDockerArchive(file)).discard();
  });
  it("refuses a file that appeared while the archive was made", async () => {
    const writer = await createDockerArchive(file);
    await buildImage(writer, { tag: "a" });
    writeFileSync(file, "precious");
    await expect(writer.close()).rejects.toMatchObject({ code: "already-exists" });
    expect(readFileSync(file, "utf8")).toBe("precious");
  });
  it("replaces an existing file only when it is complete", async () => {
    writeFileSync(file, "precious");
    const writer = await createDockerArchive(file, { replace: true });
    await buildImage(writer, { tag: "a" });
    await writer.close();
    await writer.close();
    expect(readdirSync(directory)).toEqual(["image.tar"]);
    expect(await (await open()).capabilities.tags?.()).toEqual(["a"]);
  });
  it("has the same bytes whatever the date and the order of pushes", async () => {
    const written: Uint8Array[] = [];
    for (const order of [
      ["x", "y"],
      ["y", "x"],
    ]) {
      const output = async (bytes: AsyncIterable<Uint8Array>): Promise<void> => {
        written.push(await readAll(bytes, 1e6, "archive"));
      };
      const writer = await createDockerArchive("-", { output });
      for (const name of order) await buildImage(writer, { layers: [{ [name]: name }] });
      await buildImage(writer, { layers: [{ x: "x" }], tag: "t" });
      await writer.close();
    }
    expect(written[0]).toEqual(written[1]);
    const input = once(written[0]!);
    const store = await openOciArchive("-", { input });
    opened.push(store);
    expect(await store.capabilities.tags?.()).toEqual(["t"]);
  });
  it("can't be written into a missing directory", async () => {
    await expect(createDockerArchive(join(directory, "no", "x.tar"))).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

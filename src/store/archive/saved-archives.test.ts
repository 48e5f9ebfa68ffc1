// SPDX-License-Identifier: MIT
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { digestEncoded } from "../../oci/digest.ts";
import { formatJson } from "../../oci/json.ts";
import { buildImage, buildIndex, type BuiltImage } from "../../testing/build-image.ts";
import { rawEntry, rawTar } from "../../testing/raw-tar.ts";
import { collect } from "../../testing/store-contract/store-content.ts";
import type { ArchiveReader } from "./archive-store.ts";
import { copy } from "../copy/copy.ts";
import { createMemoryStore } from "../memory-store.ts";
import { openDockerArchive } from "./docker-archive.ts";
import { openOciArchive } from "./oci-archive.ts";
import { readIndex, readManifest } from "../read-documents.ts";
import type { RootedStore } from "../store.ts";

// Archives as docker, nerdctl and ctr save them: parts are missing, or only one of the two lists names them.

const NAME = "io.containerd.image.name";

let directory: string;
let source: RootedStore;
let images: BuiltImage[];
const opened: ArchiveReader[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-saved-"));
  source = createMemoryStore();
  images = [];
  for (const architecture of ["amd64", "arm64", "riscv64"]) {
    const platform = { architecture, os: "linux" };
    images.push(await buildImage(source, { platform, layers: [{ hello: architecture }] }));
  }
});
afterEach(async () => {
  for (const archive of opened.splice(0)) await archive.close();
  await rm(directory, { recursive: true });
});

const partsOf = ({ descriptor, config, layers }: BuiltImage) => [descriptor, config, ...layers];
const pathOf = ({ digest }: Descriptor) => `blobs/sha256/${digestEncoded(digest)}`;

/** Writes an archive of the given content and documents, without checking them. */
async function save(
  held: readonly Descriptor[],
  documents: Readonly<Record<string, unknown>>,
  prefix = "",
): Promise<string> {
  const entries = [rawEntry({ name: "oci-layout" }, '{"imageLayoutVersion":"1.0.0"}')];
  for (const [name, value] of Object.entries(documents)) {
    entries.push(rawEntry({ name }, formatJson(value)));
  }
  for (const descriptor of held) {
    const bytes = await collect(source.fetch(descriptor));
    entries.push(rawEntry({ name: prefix + pathOf(descriptor) }, bytes));
  }
  const file = join(directory, "saved.tar");
  writeFileSync(file, rawTar(...entries));
  return file;
}

function indexOf(...manifests: readonly Descriptor[]) {
  return { "index.json": { schemaVersion: 2, manifests } };
}
const named = (descriptor: Descriptor) => ({ ...descriptor, annotations: { [NAME]: "a/b:1" } });
const saved = ({ config, layers }: BuiltImage, RepoTags: string[] | null) => ({
  Config: pathOf(config),
  RepoTags,
  Layers: layers.map(pathOf),
});

async function open(file: string, opener: typeof openDockerArchive = openDockerArchive) {
  const archive = await opener(file);
  opened.push(archive);
  const { roots, tags, absent } = archive.capabilities;
  return {
    archive,
    roots: (await roots?.())!,
    tags: (await tags?.())!,
    absent: (await absent?.())!,
  };
}
const digests = (list: readonly Descriptor[]) => list.map(({ digest }) => digest);

describe.each([
  ["docker-archive", openDockerArchive],
  ["oci-archive", openOciArchive],
])("an index with only some of its images saved (%s)", (_name, opener) => {
  it("is replaced by its only saved image, under the name of the index", async () => {
    const [amd64, arm64] = images as [BuiltImage, BuiltImage];
    const index = await buildIndex(source, [amd64, arm64]);
    const file = await save([index, ...partsOf(amd64)], indexOf(named(index)));
    const { archive, roots, absent } = await open(file, opener);
    expect(digests(roots)).toEqual([amd64.descriptor.digest]);
    expect((await archive.resolve("a/b:1")).digest).toBe(amd64.descriptor.digest);
    expect(absent).toEqual([arm64.descriptor]);
    const summary = await copy(archive, roots[0]!, createMemoryStore(), { tag: "t" });
    expect(summary.copied.count).toBe(3);
  });

  it("is replaced by an index of the saved images when there are several", async () => {
    const index = await buildIndex(source, images);
    const [amd64, arm64, riscv64] = images as [BuiltImage, BuiltImage, BuiltImage];
    const held = [index, ...partsOf(amd64), ...partsOf(riscv64)];
    const { archive, roots, absent } = await open(await save(held, indexOf(named(index))), opener);
    const made = await readIndex(archive, roots[0]!);
    expect(made.value.manifests).toEqual([amd64.descriptor, riscv64.descriptor]);
    expect(roots[0]!.annotations).toEqual({ [NAME]: "a/b:1" });
    expect(absent).toEqual([arm64.descriptor]);
    expect((await copy(archive, roots[0]!, createMemoryStore())).copied.count).toBe(7);
  });

  it("leaves out an image whose manifest was saved without its layers, as nerdctl saves it", async () => {
    const [amd64, arm64] = images as [BuiltImage, BuiltImage];
    const index = await buildIndex(source, [amd64, arm64]);
    const held = [index, ...partsOf(amd64), arm64.descriptor, arm64.config];
    const { roots, absent } = await open(await save(held, indexOf(index)), opener);
    expect(digests(roots)).toEqual([amd64.descriptor.digest]);
    expect(absent).toEqual([arm64.descriptor]);
  });

  it("may be inside another index", async () => {
    const [amd64, arm64] = images as [BuiltImage, BuiltImage];
    const inner = await buildIndex(source, [arm64, amd64]);
    const outer = await buildIndex(source, [inner]);
    const held = [outer, inner, ...partsOf(amd64)];
    const { roots } = await open(await save(held, indexOf(outer)), opener);
    expect(digests(roots)).toEqual([amd64.descriptor.digest]);
  });

  it("is unchanged when every image was saved", async () => {
    const index = await buildIndex(source, images);
    const held = [index, ...images.flatMap(partsOf)];
    const { roots, absent } = await open(await save(held, indexOf(index)), opener);
    expect(roots).toEqual([index]);
    expect(absent).toEqual([]);
  });
});

describe("an index.json that names images that were not saved", () => {
  it("offers the saved images", async () => {
    const [amd64, arm64] = images as [BuiltImage, BuiltImage];
    const file = await save(partsOf(amd64), indexOf(amd64.descriptor, arm64.descriptor));
    const { roots, absent } = await open(file);
    expect(roots).toEqual([amd64.descriptor]);
    expect(absent).toEqual([arm64.descriptor]);
  });

  it("leads to an error that says what is missing when no image is complete", async () => {
    const [amd64] = images as [BuiltImage];
    const file = await save([amd64.descriptor, amd64.config], indexOf(amd64.descriptor));
    const { archive, roots } = await open(file);
    await expect(copy(archive, roots[0]!, createMemoryStore())).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining(amd64.layers[0]!.digest) as string,
    });
  });
});

describe("a manifest.json beside an index.json", () => {
  it("adds an image that was saved by its id, which index.json does not list", async () => {
    const [amd64, arm64] = images as [BuiltImage, BuiltImage];
    const file = await save([...partsOf(amd64), ...partsOf(arm64)], {
      ...indexOf(named(amd64.descriptor)),
      "manifest.json": [saved(amd64, ["a/b:1"]), saved(arm64, null)],
    });
    const { archive, roots, tags } = await open(file);
    expect(roots).toHaveLength(2);
    expect(roots[0]!.digest).toBe(amd64.descriptor.digest);
    const second = await readManifest(archive, roots[1]!);
    expect(second.value.config.digest).toBe(arm64.config.digest);
    expect(tags).toEqual(["a/b:1"]);
  });

  it("lists the only image where Docker 25 writes null manifests", async () => {
    const [amd64] = images as [BuiltImage];
    const file = await save(partsOf(amd64), {
      "index.json": { schemaVersion: 2, manifests: null },
      "manifest.json": [saved(amd64, ["a/b:1"])],
    });
    const { archive, roots, tags } = await open(file);
    expect(roots).toHaveLength(1);
    expect(tags).toEqual(["a/b:1"]);
    expect((await copy(archive, roots[0]!, createMemoryStore())).copied.count).toBe(3);
  });

  it("is right when the manifest in the layout has no layers", async () => {
    const [amd64] = images as [BuiltImage];
    const manifest = { schemaVersion: 2, config: amd64.config, layers: null };
    const bytes = formatJson(manifest);
    const wrong = await source.ingest(
      amd64.descriptor.mediaType,
      (async function* () {
        yield await Promise.resolve(bytes);
      })(),
    );
    const file = await save([wrong, ...partsOf(amd64)], {
      ...indexOf(named(wrong)),
      "manifest.json": [saved(amd64, null)],
    });
    const { archive, roots } = await open(file);
    expect(roots).toHaveLength(1);
    const root = await archive.resolve("a/b:1");
    expect((await readManifest(archive, root)).value.layers).toHaveLength(1);
  });

  it("gives a name to an image that has none in index.json", async () => {
    const [amd64] = images as [BuiltImage];
    const file = await save(partsOf(amd64), {
      ...indexOf(amd64.descriptor),
      "manifest.json": [saved(amd64, ["a/b:1", "a/b:2"])],
    });
    const { archive, tags } = await open(file);
    expect(tags).toEqual(["a/b:1", "a/b:2"]);
    expect((await archive.resolve("a/b:2")).digest).toBe(amd64.descriptor.digest);
  });

  it("adds no second entry for an image of an index, complete or not", async () => {
    const [amd64, arm64] = images as [BuiltImage, BuiltImage];
    const index = await buildIndex(source, [amd64, arm64]);
    const file = await save([index, ...partsOf(amd64)], {
      ...indexOf(named(index)),
      "manifest.json": [saved(amd64, ["a/b:1"]), saved(arm64, ["a/b:1"])],
    });
    const { roots } = await open(file);
    expect(digests(roots)).toEqual([amd64.descriptor.digest]);
  });
});

describe("a manifest.json of another tool", () => {
  async function openAlone(list: unknown, prefix?: string) {
    const file = await save(partsOf(images[0]!), { "manifest.json": list }, prefix);
    return open(file);
  }

  it("may have keys in lower case, as jib writes them", async () => {
    const { Config: config, RepoTags: repoTags, Layers: layers } = saved(images[0]!, ["x:1"]);
    expect((await openAlone([{ config, repoTags, layers }])).tags).toEqual(["x:1"]);
  });

  it("may use names that begin with ./, and so may the entries", async () => {
    const { Config, Layers } = saved(images[0]!, null);
    const list = [{ Config: `./${Config}`, RepoTags: ["x:1"], Layers: [`././${Layers[0]!}`] }];
    expect((await openAlone(list)).tags).toEqual(["x:1"]);
    expect((await openAlone([saved(images[0]!, ["x:1"])], "./")).tags).toEqual(["x:1"]);
  });

  it.each([null, undefined, []])("may list no layers, as %j", async (Layers) => {
    images = [await buildImage(source, {})];
    const { Config } = saved(images[0]!, null);
    const { archive, roots } = await openAlone([{ Config, RepoTags: null, Layers }]);
    expect((await readManifest(archive, roots[0]!)).value.layers).toEqual([]);
  });
});

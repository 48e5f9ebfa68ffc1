// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it } from "vitest";
import { putAttestation } from "../../../test/fixtures/family.ts";
import { watchStore } from "../../../test/fixtures/watched-store.ts";
import { decompressLayer } from "../../bytes/compression.ts";
import { drain } from "../../bytes/streams/read-all.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { layerCompression, MediaType, type Compression } from "../../oci/media-types.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { readIndex, readManifest } from "../../store/read-documents.ts";
import type { RootedStore } from "../../store/store.ts";
import {
  buildImage,
  buildIndex,
  pushDocument,
  type BuiltImage,
} from "../../testing/build-image.ts";
import { readImage } from "../image.ts";
import { listImages } from "../list-images.ts";
import { copyRewritten } from "./copy-rewritten.ts";

let source: RootedStore;
let target: RootedStore;
let images: BuiltImage[];
let index: Descriptor;

beforeEach(async () => {
  source = createMemoryStore({ name: "source" });
  target = createMemoryStore({ name: "target" });
  images = [];
  for (const name of ["amd64", "arm64", "riscv64"]) {
    const layers = [{ shared: "all have it" }, { own: name }];
    images.push(await buildImage(source, { layers, platform: parsePlatform(name) }));
  }
  index = await buildIndex(source, images);
});

async function imagesOf(store: RootedStore, root: Descriptor) {
  const { images: found } = await listImages(store, root);
  return Promise.all(found.map((image) => readImage(store, image)));
}

describe("an image in the other format", () => {
  it("has Docker's media types and the same configuration and layers, and back again OCI's", async () => {
    const { root, rewritten } = await copyRewritten(source, index, target, { format: "docker" });
    expect(root.mediaType).toBe(MediaType.dockerManifestList);
    expect(rewritten).toHaveLength(4);
    for (const [at, image] of (await imagesOf(target, root)).entries()) {
      const { config, layers } = image.manifest.value;
      expect(image.descriptor.mediaType).toBe(MediaType.dockerManifest);
      expect(config).toEqual({ ...images[at]!.config, mediaType: MediaType.dockerConfig });
      expect(layers.map(({ digest }) => digest)).toEqual(images[at]!.layers.map((l) => l.digest));
      expect(new Set(layers.map((l) => l.mediaType))).toEqual(new Set([MediaType.dockerLayerGzip]));
    }
    const back = await copyRewritten(target, root, source, { format: "oci" });
    expect(back.root.digest).toBe(index.digest);
  });

  it("comes back as the same document whatever the order of its keys was", async () => {
    const [image] = images;
    const { mediaType, digest, size } = image!.descriptor;
    const platform = { variant: "v1", os: "linux", architecture: "amd64" };
    const odd = await buildIndex(source, [{ size, platform, digest, mediaType }]);
    const { root } = await copyRewritten(source, odd, target, { format: "docker" });
    const back = await copyRewritten(target, root, source, { format: "oci" });
    expect(back.root.digest).toBe(odd.digest);
  });

  it("stays the same, byte for byte, when it has that format already", async () => {
    const copied = await copyRewritten(source, index, target, { format: "oci" });
    expect(copied).toMatchObject({ root: index, rewritten: [] });
  });

  it("has a platform for each image of Docker's list, also where the index gave none", async () => {
    const bare = images.map(({ descriptor: { mediaType, digest, size } }) => ({
      mediaType,
      digest,
      size,
    }));
    const nameless = await buildIndex(source, bare);
    const { root } = await copyRewritten(source, nameless, target, { format: "docker" });
    const list = await readIndex(target, root);
    expect(list.value.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      "amd64",
      "arm64",
      "riscv64",
    ]);
  });
});

describe("what Docker's format can't express is refused by name, before anything is written:", () => {
  const refused = async (root: Descriptor, named: string): Promise<void> => {
    const { store, written } = watchStore();
    await expect(copyRewritten(source, root, store, { format: "docker" })).rejects.toMatchObject({
      code: "unsupported-operation",
      message: expect.stringContaining(named) as string,
    });
    expect(written).toEqual([]);
  };

  it("annotations", async () => {
    const noted = await buildImage(source, { annotations: { "org.example.note": "x" } });
    await refused(noted.descriptor, "the annotation org.example.note of the manifest");
    await refused(
      await buildIndex(source, images, { annotations: { n: "x" } }),
      "annotation n of the index",
    );
  });

  it("layers compressed with zstd", async () => {
    const zstd = await buildImage(source, { layers: [{ a: "1" }], compression: "zstd" });
    await refused(zstd.descriptor, "a layer compressed with zstd");
  });

  it("artifacts, subjects and attestations", async () => {
    const config = await pushDocument(source, MediaType.empty, {});
    const artifactType = "application/x.note";
    const artifact = await pushDocument(source, MediaType.manifest, {
      ...{ schemaVersion: 2, config, layers: [], artifactType, subject: images[0]!.descriptor },
    });
    await refused(artifact, "the artifactType application/x.note");
    await refused(artifact, "the subject sha256:");
    const attested = await putAttestation(source, images[0]!.descriptor);
    await refused(await buildIndex(source, [...images, attested]), "the attestation sha256:");
  });

  it("an index within the index", async () => {
    await refused(await buildIndex(source, [index]), "within the index");
  });

  it("zstd for an image that stays in Docker's format", async () => {
    const { root } = await copyRewritten(source, index, target, { format: "docker" });
    const wish = { compression: "zstd" } as const;
    await expect(copyRewritten(target, root, source, wish)).rejects.toMatchObject({
      code: "unsupported-operation",
      hint: expect.stringContaining("--format oci") as string,
    });
    await copyRewritten(target, root, source, { ...wish, format: "oci" });
  });
});

it("annotations that Docker's format can't hold are left out on demand, and named", async () => {
  const noted = await buildImage(source, { layers: [{ a: "" }], annotations: { note: "x" } });
  const wish = { format: "docker", dropAnnotations: true } as const;
  const { root, droppedAnnotations } = await copyRewritten(source, noted.descriptor, target, wish);
  expect(droppedAnnotations).toEqual(["the annotation note of the manifest"]);
  const manifest = await readManifest(target, root);
  expect(manifest.value.annotations).toBeUndefined();
  expect(manifest.value.layers[0]).toMatchObject({ mediaType: MediaType.dockerLayerGzip });
});

describe("layers compressed anew", () => {
  it.each(["zstd", "none", "gzip"] as const)(
    "as %s unpack to the same bytes, in every image, and no configuration changes",
    async (compression: Compression) => {
      const other = await copyRewritten(source, index, source, {
        compression: compression === "gzip" ? "zstd" : "gzip",
      });
      const { root } = await copyRewritten(source, other.root, target, { compression });
      for (const [at, image] of (await imagesOf(target, root)).entries()) {
        expect(image.config.descriptor.digest).toBe(images[at]!.config.digest);
        for (const [n, layer] of image.manifest.value.layers.entries()) {
          expect(layerCompression(layer.mediaType)).toBe(compression);
          const { diffIds } = images[at]!;
          await drain(decompressLayer(target.fetch(layer), compression, diffIds[n]!));
        }
      }
    },
  );

  it("are made once, though several images have them", async () => {
    const { store, written } = watchStore();
    await copyRewritten(source, index, store, { compression: "zstd" });
    expect(written).toHaveLength(new Set(written).size);
    expect(written).toHaveLength(4 + 3 + 3 + 1); // layers, configurations, manifests, index
  });

  it("have the same digests in a dry run, which writes nothing", async () => {
    const { store, written } = watchStore();
    const wish = { compression: "zstd" } as const;
    const planned = await copyRewritten(source, index, store, { ...wish, dryRun: true });
    expect(written).toEqual([]);
    expect((await copyRewritten(source, index, store, wish)).root).toEqual(planned.root);
  });

  it("stay as they are where they are compressed so already", async () => {
    const copied = await copyRewritten(source, index, target, { compression: "gzip" });
    expect(copied).toMatchObject({ root: index, rewritten: [] });
  });

  it("are refused when the tar is not the one of the configuration", async () => {
    const [image] = images;
    const layers = [...image!.layers].reverse();
    const config = image!.config;
    const wrong = await pushDocument(source, MediaType.manifest, {
      schemaVersion: 2,
      config,
      layers,
    });
    await expect(
      copyRewritten(source, wrong, target, { compression: "zstd" }),
    ).rejects.toMatchObject({
      code: "diff-id-mismatch",
    });
  });

  it("keep attestations, which name the images' new digests and have their own bytes", async () => {
    const attestation = await putAttestation(source, images[0]!.descriptor);
    const attested = await buildIndex(source, [...images, attestation]);
    const { root } = await copyRewritten(source, attested, target, { compression: "zstd" });
    const { manifests } = (await readIndex(target, root)).value;
    expect(manifests[3]).toEqual({
      ...attestation,
      annotations: {
        ...attestation.annotations,
        "vnd.docker.reference.digest": manifests[0]!.digest,
      },
    });
  });
});

describe("a selection of platforms", () => {
  const platforms = [parsePlatform("riscv64"), parsePlatform("amd64")];

  it("is an index of these images in their order, with their attestations alone", async () => {
    const attestations = [];
    for (const { descriptor } of images)
      attestations.push(await putAttestation(source, descriptor));
    const attested = await buildIndex(source, [...images, ...attestations], {
      annotations: { kept: "yes" },
    });
    const { root, dropped } = await copyRewritten(source, attested, target, { platforms });
    const { manifests, annotations } = (await readIndex(target, root)).value;
    const kept = [images[0]!.descriptor, images[2]!.descriptor, attestations[0], attestations[2]];
    expect(manifests).toEqual(kept);
    expect(annotations).toEqual({ kept: "yes" });
    expect(dropped).toEqual([images[1]!.descriptor, attestations[1]]);
    expect(await target.exists(images[1]!.layers[1]!)).toBe(false);
  });

  it("of all that there are is the same index", async () => {
    const all = ["amd64", "arm64", "riscv64"].map(parsePlatform);
    const copied = await copyRewritten(source, index, target, { platforms: all });
    expect(copied).toMatchObject({ root: index, dropped: [] });
  });

  it("reaches into an index within the index, which is left out when nothing of it stays", async () => {
    const inner = await buildIndex(source, images.slice(1));
    const lost = await buildIndex(source, [images[1]!]);
    const outer = await buildIndex(source, [images[0]!, inner, lost]);
    const { root } = await copyRewritten(source, outer, target, { platforms });
    const { manifests } = (await readIndex(target, root)).value;
    expect(manifests.map(({ mediaType }) => mediaType)).toEqual([
      MediaType.manifest,
      MediaType.index,
    ]);
    expect((await readIndex(target, manifests[1]!)).value.manifests).toEqual([
      images[2]!.descriptor,
    ]);
  });

  it("keeps what is for no platform", async () => {
    const config = await pushDocument(source, MediaType.empty, {});
    const chart = await pushDocument(source, MediaType.manifest, {
      schemaVersion: 2,
      config,
      layers: [],
    });
    const mixed = await buildIndex(source, [...images, chart]);
    const { root } = await copyRewritten(source, mixed, target, { platforms });
    expect((await readIndex(target, root)).value.manifests).toContainEqual(chart);
  });

  it("is refused when no image is for one of them", async () => {
    const wanted = [...platforms, parsePlatform("s390x")];
    await expect(copyRewritten(source, index, target, { platforms: wanted })).rejects.toMatchObject(
      {
        code: "not-found",
        message: expect.stringContaining("linux/s390x") as string,
      },
    );
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { watchStore } from "../../../test/fixtures/watched-store.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { MediaType } from "../../oci/media-types.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { readIndex } from "../../store/read-documents.ts";
import type { ContentStore } from "../../store/store.ts";
import {
  buildImage,
  buildIndex,
  buildLayer,
  pushDocument,
  type BuiltImage,
} from "../../testing/build-image.ts";
import { editConfig } from "./edit-config.ts";
import { editImages, type ImageEdit } from "./edit-images.ts";
import { readImage } from "../image.ts";

const setUser: ImageEdit = (view) => editConfig(view, { user: "me" });
/** Changes one of two images. */
const setUserOfRiscv: ImageEdit = (view) =>
  view.config.value.architecture === "riscv64" ? setUser(view) : view;

function imageFor(store: ContentStore, architecture: string): Promise<BuiltImage> {
  return buildImage(store, {
    layers: [{ [architecture]: "1" }],
    platform: { architecture, os: "linux" },
  });
}

/** As BuildKit attests an image. */
async function attest(store: ContentStore, image: BuiltImage): Promise<Descriptor> {
  const { descriptor: layer } = await buildLayer(store, { of: image.descriptor.digest });
  const config = await pushDocument(store, MediaType.config, {
    architecture: "unknown",
    os: "unknown",
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  });
  const manifest = await pushDocument(store, MediaType.manifest, {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config,
    layers: [layer],
  });
  return {
    ...manifest,
    platform: { architecture: "unknown", os: "unknown" },
    annotations: {
      "vnd.docker.reference.type": "attestation-manifest",
      "vnd.docker.reference.digest": image.descriptor.digest,
    },
  };
}

async function family(store: ContentStore) {
  const [amd64, riscv64] = [await imageFor(store, "amd64"), await imageFor(store, "riscv64")];
  const attested = [await attest(store, amd64), await attest(store, riscv64)];
  const artifact = await pushDocument(store, MediaType.manifest, {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    artifactType: "application/vnd.example",
    config: await pushDocument(store, MediaType.empty, {}),
    layers: [],
  });
  const named = { ...amd64.descriptor, annotations: { note: "of the child" } };
  const children = [named, attested[0]!, riscv64, attested[1]!, artifact];
  const index = await buildIndex(store, children, { annotations: { of: "index" }, tag: "all" });
  return { amd64, riscv64, attested, artifact, index };
}

describe("editImages", () => {
  it("edits a single image", async () => {
    const store = createMemoryStore();
    const { descriptor } = await imageFor(store, "amd64");
    const target = createMemoryStore();
    const { root, images } = await editImages(store, descriptor, target, setUser, { tag: "t" });
    expect((await target.resolve("t")).digest).toBe(root.digest);
    expect(images).toHaveLength(1);
    expect((await readImage(target, root)).config.value.config?.User).toBe("me");
  });

  it("edits every image of an index, and drops the attestations of the old ones", async () => {
    const store = createMemoryStore();
    const { index, attested, artifact } = await family(store);
    const target = createMemoryStore();
    const edited = await editImages(store, index, target, setUser, { tag: "all" });
    expect(edited.dropped.map(({ digest }) => digest)).toEqual(attested.map((a) => a.digest));
    const { value } = await readIndex(target, await target.resolve("all"));
    const [amd64, riscv64] = edited.images;
    expect(value.annotations).toEqual({ of: "index" });
    expect(value.manifests).toEqual([
      { ...amd64!.descriptor, annotations: { note: "of the child" } },
      riscv64!.descriptor,
      artifact,
    ]);
    for (const child of value.manifests) expect(await target.exists(child)).toBe(true);
    expect(await target.capabilities.roots()).toHaveLength(1);
  });

  it("keeps the attestations of images that did not change", async () => {
    const store = createMemoryStore();
    const { index, attested, amd64 } = await family(store);
    const target = createMemoryStore();
    const edited = await editImages(store, index, target, setUserOfRiscv);
    expect(edited.dropped.map(({ digest }) => digest)).toEqual([attested[1]!.digest]);
    const { value } = await readIndex(target, edited.root);
    const kept = value.manifests.map(({ digest }) => digest);
    expect(kept.slice(0, 2)).toEqual([amd64.descriptor.digest, attested[0]!.digest]);
    for (const child of value.manifests) expect(await target.exists(child)).toBe(true);
  });

  it("leaves an index as it is, byte for byte, when no image changes", async () => {
    const store = createMemoryStore();
    const { index } = await family(store);
    const edited = await editImages(store, index, createMemoryStore(), (view) => view);
    expect(edited.root.digest).toBe(index.digest);
    expect(edited.dropped).toEqual([]);
  });

  it("returns the result of a dry run, and writes nothing", async () => {
    const store = createMemoryStore();
    const { index } = await family(store);
    const { store: target, written } = watchStore();
    const dry = await editImages(store, index, target, setUser, { tag: "t", dryRun: true });
    expect(written).toEqual([]);
    expect(await target.capabilities.roots()).toEqual([]);
    expect(await editImages(store, index, target, setUser, { tag: "t" })).toEqual(dry);
  });

  it("edits an image only once when an index names it twice, and opens indexes in the index", async () => {
    const store = createMemoryStore();
    const image = await imageFor(store, "amd64");
    const inner = await buildIndex(store, [image]);
    const index = await buildIndex(store, [image, inner]);
    const { root, images } = await editImages(store, index, store, setUser);
    expect(images).toHaveLength(1);
    const { value } = await readIndex(store, root);
    expect(value.manifests).toEqual([images[0]!.descriptor, images[0]!.descriptor]);
  });

  it("gives a child's descriptor its new platform", async () => {
    const store = createMemoryStore();
    const index = await buildIndex(store, [await imageFor(store, "arm")]);
    const platform = { architecture: "arm", os: "linux", variant: "v6" };
    const { root } = await editImages(store, index, store, (view) =>
      editConfig(view, { platform }),
    );
    expect((await readIndex(store, root)).value.manifests[0]!.platform).toEqual(platform);
  });

  it("refuses an index without an image", async () => {
    const store = createMemoryStore();
    const index = await buildIndex(store, []);
    await expect(editImages(store, index, store, setUser)).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

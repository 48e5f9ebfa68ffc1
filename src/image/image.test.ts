// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { put, putImage, putIndex, putText } from "../../test/fixtures/family.ts";
import { MediaType } from "../oci/media-types.ts";
import { diffIdOf } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { makeConfig, makeManifest } from "./edit/image-document.ts";
import { readImage } from "./image.ts";

describe("readImage", () => {
  it("reads the manifest and the configuration, and no layer", async () => {
    const store = createMemoryStore();
    const descriptor = await putImage(store, { architecture: "riscv64" });
    const layer = (await readImage(store, descriptor)).manifest.value.layers[0]!;
    await store.capabilities.remove(layer.digest);
    const image = await readImage(store, descriptor);
    expect(image.config.value.architecture).toBe("riscv64");
    expect(image.manifest.descriptor.digest).toBe(descriptor.digest);
  });

  it("refuses an index by name", async () => {
    const store = createMemoryStore();
    const index = await putIndex(store, [await putImage(store, { architecture: "amd64" })]);
    await expect(readImage(store, index)).rejects.toMatchObject({
      code: "unsupported-media-type",
      message: expect.stringContaining(MediaType.index) as string,
    });
  });

  it("refuses an artifact", async () => {
    const store = createMemoryStore();
    const config = await putText(store, MediaType.empty, "{}");
    const artifact = await put(store, makeManifest({ config, layers: [] }));
    await expect(readImage(store, artifact)).rejects.toMatchObject({
      code: "unsupported-media-type",
      message: expect.stringContaining("artifact") as string,
    });
  });

  it("refuses a layer of an unknown media type, and says which", async () => {
    const image = await imageWith(1, (layer) => ({ ...layer, mediaType: "application/x-other" }));
    await expect(readImage(image.store, image.descriptor)).rejects.toMatchObject({
      code: "unsupported-media-type",
      message: expect.stringContaining("layer 0") as string,
    });
  });

  it.each([0, 2])(
    "refuses one layer with %d diffIDs, which made go-containerregistry panic (its issue 2304)",
    async (count) => {
      const image = await imageWith(count);
      await expect(readImage(image.store, image.descriptor)).rejects.toMatchObject({
        code: "invalid-manifest",
        details: { layers: 1, diffIds: count },
      });
    },
  );
});

async function imageWith(
  diffIds: number,
  change: (layer: Descriptor) => Descriptor = (layer) => layer,
) {
  const store = createMemoryStore();
  const layer = await putText(store, MediaType.layer, "layer");
  const config = makeConfig({
    architecture: "amd64",
    os: "linux",
    rootfs: {
      type: "layers",
      diff_ids: Array<never>(diffIds).fill(diffIdOf(layer.digest) as never),
    },
  });
  const manifest = makeManifest({ config: await put(store, config), layers: [change(layer)] });
  return { store, descriptor: await put(store, manifest) };
}

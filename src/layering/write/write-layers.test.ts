// SPDX-License-Identifier: MIT
import * as zlib from "node:zlib";
import { expect, it } from "vitest";
import { countingStore } from "../../../test/fixtures/counting-store.ts";
import { makeDpkgImage, makePackages } from "../../../test/fixtures/dpkg-image.ts";
import { compressorsAtOnce } from "../../bytes/compression.ts";
import { layerCompression, type Compression } from "../../oci/media-types.ts";
import { openImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { planLayers } from "../plan/plan-layers.ts";
import { findComponents } from "../components/find-components.ts";
import { writeLayers } from "./write-layers.ts";

it.each<Compression>(["gzip", "zstd"])(
  "compresses no more layers at once with %s than its memory allows, to the same bytes as one by one",
  async (compression) => {
    const root = await openImageFilesystem(await makeDpkgImage(makePackages(40)));
    const limits = { maxLayers: 24, maxDead: 0.02, exactTimes: false, layerBytes: Infinity };
    const componentsOf = (): ReturnType<typeof findComponents> => findComponents(root, {});
    const { added } = await planLayers(root, undefined, componentsOf, limits);
    expect(added.length).toBeGreaterThan(17);
    const { store, most } = countingStore();
    const how = { compression, level: undefined };
    const together = await writeLayers(root, added, store, how);
    for (const { descriptor } of together) {
      expect(layerCompression(descriptor.mediaType)).toBe(compression);
    }
    expect(most()).toBe(Math.min(16, await compressorsAtOnce(compression)));
    for (const at of [0, 7, added.length - 1]) {
      const [alone] = await writeLayers(root, [added[at]!], createMemoryStore(), how);
      expect(alone).toEqual(together[at]);
    }
  },
);

it("bounds compressors of zstd where they are WebAssembly, and none of gzip", async () => {
  const isNative = "createZstdCompress" in zlib;
  const zstd = await compressorsAtOnce("zstd");
  expect(isNative ? zstd === Infinity : zstd <= 4).toBe(true);
  expect(await compressorsAtOnce("gzip")).toBe(Infinity);
});

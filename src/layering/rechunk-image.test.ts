// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layerStacks } from "../../test/fixtures/random-layers.ts";
import { rechunk, treeDifferences } from "../../test/fixtures/rechunking.ts";
import { readImage, type Image } from "../image/image.ts";
import { isOciError } from "../oci/errors.ts";
import { openImageFilesystem } from "../rootfs/image-filesystem.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { buildImage, type LayerFiles } from "../testing/build-image.ts";

const arguments_ = fc.tuple(layerStacks(), layerStacks(), fc.integer({ min: 2, max: 9 }));

describe("rechunking an image", () => {
  it("gives the same tree as the source, for any two images one after the other", async () => {
    let rechunked = 0;
    const property = fc.asyncProperty(arguments_, async ([one, two, maxLayers]) => {
      const [before, after] = [await mergeable(one), await mergeable(two)];
      if (before === undefined || after === undefined) return;
      const store = createMemoryStore();
      const first = await rechunk(before, { maxLayers, store });
      expect(await treeDifferences(before, first.image)).toEqual([]);
      const next = { maxLayers, store, previous: first.image };
      const exact = await rechunk(after, { ...next, exactTimes: true });
      expect(await treeDifferences(after, exact.image)).toEqual([]);
      const second = await rechunk(after, next);
      expect(await treeDifferences(after, second.image, ["time"])).toEqual([]);
      expect(second.layers.length).toBeLessThanOrEqual(maxLayers);
      const again = await rechunk(after, { ...next, previous: second.image });
      expect(again.image.descriptor.digest).toBe(second.image.descriptor.digest);
      rechunked += 1;
    });
    await fc.assert(property, { numRuns: 50 });
    expect(rechunked).toBeGreaterThan(15);
  });
});

/** The image of some layers; undefined where they are none that can be merged. */
async function mergeable(layers: readonly LayerFiles[]): Promise<Image | undefined> {
  const store = createMemoryStore();
  const { descriptor } = await buildImage(store, { layers });
  const image = await readImage(store, descriptor);
  try {
    await openImageFilesystem(image);
    return image;
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}

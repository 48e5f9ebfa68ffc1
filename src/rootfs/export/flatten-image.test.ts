// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { file, hardlink, makeImage, whiteout } from "../../../test/fixtures/layers.ts";
import { viewOf } from "../../image/edit/image-view.ts";
import { readImage } from "../../image/image.ts";
import { writeImage } from "../../image/edit/write-image.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { compareTrees } from "../compare/compare-trees.ts";
import { flattenImage } from "./flatten-image.ts";
import { openImageFilesystem } from "../image-filesystem.ts";

const LAYERS = [
  [file("a", "1"), file("b", "2"), hardlink("c", "b")],
  [whiteout(".wh.b"), file("a", "3")],
];

describe("flattenImage", () => {
  it("makes one layer with the same tree, and the same bytes every time", async () => {
    const image = await makeImage(LAYERS, { environment: ["A=1"] });
    const root = await openImageFilesystem(image);
    const digests = new Set<string>();
    for (const compression of ["gzip", "gzip"] as const) {
      const target = createMemoryStore();
      const view = flattenImage(viewOf(image), root, { compression });
      const flat = await readImage(target, (await writeImage(view, target)).descriptor);
      digests.add(flat.descriptor.digest);
      expect(flat.manifest.value.layers).toHaveLength(1);
      expect(flat.config.value.config).toEqual(image.config.value.config);
      expect(flat.config.value.history).toEqual([{ created_by: "oci-kit flatten" }]);
      const { compared, differences } = compareTrees(root, await openImageFilesystem(flat));
      expect([compared, differences]).toEqual([3, []]);
    }
    expect(digests.size).toBe(1);
  });

  it("uses the given creation time and compression", async () => {
    const image = await makeImage(LAYERS);
    const root = await openImageFilesystem(image);
    const created = "2026-01-02T03:04:05Z";
    const view = flattenImage(viewOf(image), root, { created, compression: "zstd" });
    expect(view.config.value).toMatchObject({ created, history: [{ created }] });
    const { layers } = await writeImage(view, createMemoryStore());
    expect(layers[0]!.descriptor.mediaType).toMatch(/zstd$/);
  });
});

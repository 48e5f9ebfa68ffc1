// SPDX-License-Identifier: MIT
import { beforeAll, expect, it } from "vitest";
import type { LayerIndex } from "../../src/rootfs/layer-index/layer-index.ts";
import { indexLayers, type IndexProgress } from "../../src/rootfs/layer-index/image-indexes.ts";
import { pathOfRecord } from "../../src/rootfs/layer-index/directory-paths.ts";
import { openTable } from "../../src/rootfs/table/layer-table.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { verifyImage } from "../../src/verify/image/verify-image.ts";
import { makeImage } from "../fixtures/layers.ts";
import { familyLayers } from "./families.ts";
import { withImage } from "./images.ts";
import { oddLayer } from "./odd-layers.ts";
import { runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

const scratch = makeScratch();
const NAMES = ["family", "odd"] as const;
const LAYERS = {
  family: familyLayers("amd64"),
  odd: [oddLayer()],
} as const;

beforeAll(async () => {
  const store = await openLayout(scratch.path("made"), { create: true });
  const words = ["copy", "-q", "--dest-compress-format", "zstd:chunked"];
  for (const name of NAMES) {
    await makeImage(LAYERS[name], { store, tag: name });
    const from = `oci:${scratch.path("made")}:${name}`;
    await runPeer("skopeo", [...words, "--dest-force-compress-format", from, referenceOf(name)]);
  }
});

function referenceOf(name: string): string {
  return `oci:${scratch.path("chunked")}:${name}`;
}

/** What an index says of each entry of its layer, sorted. */
function entriesOf(index: LayerIndex): readonly string[] {
  const { columns } = index;
  return Array.from(columns.type, (type, at) => {
    const row = columns.attributes[at]!;
    const attributes = [columns.mode[row], columns.uid[row], columns.gid[row]];
    return JSON.stringify([pathOfRecord(index, at), type, columns.size[at], ...attributes]);
  }).sort();
}

it("the tables of contents that skopeo writes say what the layers hold", async () => {
  await withImage(referenceOf("family"), async (image) => {
    const own = await indexLayers(image);
    expect(own.length).toBe(LAYERS.family.length);
    for (const [layer, index] of own.entries()) {
      const table = await openTable(image, layer);
      expect(table && entriesOf(table.index)).toEqual(entriesOf(index));
    }
  });
});

it("a table in which skopeo could not write a name, because its bytes are no UTF-8, is not used", async () => {
  await withImage(referenceOf("odd"), async (image) => {
    const events: IndexProgress[] = [];
    const onProgress = (event: IndexProgress): void => void events.push(event);
    expect(await openTable(image, 0, { onProgress })).toBeUndefined();
    expect(events).toMatchObject([
      { kind: "table-unusable", layer: 0, error: { code: "invalid-layer" } },
    ]);
  });
});

it("verify finds no table of skopeo's wrong, and notes the one that can't be used", async () => {
  const wrong = async (name: string): Promise<readonly string[]> =>
    withImage(referenceOf(name), async (image) =>
      (await verifyImage(image)).findings
        .filter(({ code }) => code === "wrong-table")
        .map(({ severity }) => severity),
    );
  expect(await wrong("family")).toEqual([]);
  expect(await wrong("odd")).toEqual(["note"]);
});

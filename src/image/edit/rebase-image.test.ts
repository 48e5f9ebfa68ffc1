// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { watchStore } from "../../../test/fixtures/watched-store.ts";
import { once } from "../../bytes/bytes.ts";
import { MediaType, type Compression } from "../../oci/media-types.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import type { ContentStore } from "../../store/store.ts";
import { buildImage, pushDocument, type LayerFiles } from "../../testing/build-image.ts";
import { appendLayer } from "./append-layer.ts";
import { readImage, type Image } from "../image.ts";
import { viewOf } from "./image-view.ts";
import { rebaseImage } from "./rebase-image.ts";
import { writeImage } from "./write-image.ts";

const OLD = [{ base: "old" }, { more: "old" }];
const NEW = [{ base: "new" }];

interface Init {
  readonly history?: readonly object[];
  readonly platform?: { readonly architecture: string; readonly os: string };
  readonly compression?: Compression;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function imageOf(
  store: ContentStore,
  layers: readonly LayerFiles[],
  init: Init = {},
): Promise<Image> {
  const { history, ...spec } = init;
  const built = await buildImage(store, { ...spec, layers, config: { Env: ["OF=image"] } });
  const image = await readImage(store, built.descriptor);
  if (history === undefined) return image;
  const config = await pushDocument(store, MediaType.config, { ...image.config.value, history });
  const manifest = await pushDocument(store, MediaType.manifest, {
    ...image.manifest.value,
    config,
  });
  return readImage(store, manifest);
}

describe("rebaseImage", () => {
  it("puts the image's own layers on the new base, and reads none", async () => {
    const { store, read } = watchStore();
    const image = await imageOf(store, [...OLD, { own: "1" }]);
    const [oldBase, newBase] = [await imageOf(store, OLD), await imageOf(store, NEW)];
    read.length = 0;
    const written = await writeImage(rebaseImage(viewOf(image), oldBase, newBase), store);
    expect(read).toEqual([]);
    const rebased = await readImage(store, written.descriptor);
    const [own] = image.manifest.value.layers.slice(-1);
    expect(rebased.manifest.value.layers).toEqual([newBase.manifest.value.layers[0], own]);
    expect(rebased.config.value.rootfs.diff_ids).toEqual([
      newBase.config.value.rootfs.diff_ids[0],
      image.config.value.rootfs.diff_ids[2],
    ]);
    expect(rebased.config.value.config).toEqual(image.config.value.config);
  });

  it("compares layers by their contents, however they are compressed", async () => {
    const store = createMemoryStore();
    const image = await imageOf(store, [...OLD, { own: "1" }], { compression: "zstd" });
    const view = rebaseImage(viewOf(image), await imageOf(store, OLD), await imageOf(store, NEW));
    expect(view.layers).toHaveLength(2);
  });

  it("replaces the history of the base along with its layers, and keeps the image's own steps", async () => {
    const store = createMemoryStore();
    const step = (created_by: string) => ({ created_by, empty_layer: true });
    const layer = (created_by: string) => ({ created_by });
    const old = [layer("a"), layer("b"), step("old cmd")];
    const own = [step("own env"), layer("own"), step("own cmd")];
    const image = await imageOf(store, [...OLD, { own: "1" }], { history: [...old, ...own] });
    const newBase = await imageOf(store, NEW, { history: [layer("new")] });
    const told = async (history: readonly object[]) => {
      const oldBase = await imageOf(store, OLD, { history });
      return rebaseImage(viewOf(image), oldBase, newBase).config.value.history;
    };
    expect(await told(old)).toEqual([layer("new"), ...own]);
    // the old base tells another history: its steps without a layer can't be told from the image's
    expect(await told([layer("x"), layer("y")])).toEqual([layer("new"), ...own.slice(1)]);
  });

  it("makes up a history for a base that has none", async () => {
    const store = createMemoryStore();
    const image = await imageOf(store, [...OLD, { own: "1" }], { history: [] });
    const oldBase = await imageOf(store, OLD, { history: [] });
    const newBase = await imageOf(store, NEW, { history: [] });
    const { history } = rebaseImage(viewOf(image), oldBase, newBase).config.value;
    expect(history).toHaveLength(2);
  });

  it("names the new base in the annotations", async () => {
    const store = createMemoryStore();
    const name = "org.opencontainers.image.base.name";
    const annotations = { keep: "1", [name]: "registry.example/old" };
    const image = await imageOf(store, [...OLD, { own: "1" }], { annotations });
    const [oldBase, newBase] = [await imageOf(store, OLD), await imageOf(store, NEW)];
    const digest = { "org.opencontainers.image.base.digest": newBase.descriptor.digest };
    const rebase = (options?: { name: string }) =>
      rebaseImage(viewOf(image), oldBase, newBase, options).annotations;
    expect(rebase()).toEqual({ keep: "1", ...digest });
    expect(rebase({ name: "registry.example/new" })).toEqual({
      keep: "1",
      ...digest,
      [name]: "registry.example/new",
    });
  });

  it.each([
    ["has another layer there", [{ base: "old" }, { more: "other" }], "another layer 1"],
    ["has fewer layers", [...OLD, { own: "1" }, { further: "2" }], "another layer 3"],
    ["is on an old base without layers", [], "a base without layers"],
  ])("refuses an image that %s", async (_, base, got) => {
    const store = createMemoryStore();
    const image = await imageOf(store, [...OLD, { own: "1" }]);
    const [oldBase, newBase] = [await imageOf(store, base), await imageOf(store, NEW)];
    expect(() => rebaseImage(viewOf(image), oldBase, newBase)).toThrow(got);
  });

  it("does not take a layer that was not made yet for one of the base", async () => {
    const store = createMemoryStore();
    const base = await imageOf(store, [{ base: "old" }]);
    const source = { open: () => once(new Uint8Array()) };
    const layer = { name: "n", source, compression: "none", storedAs: "gzip" } as const;
    const oldBase = await imageOf(store, OLD);
    expect(() => rebaseImage(appendLayer(viewOf(base), layer), oldBase, base)).toThrow(
      "another layer 1",
    );
  });

  it("refuses a new base for another platform", async () => {
    const store = createMemoryStore();
    const image = await imageOf(store, [...OLD, { own: "1" }]);
    const platform = { architecture: "riscv64", os: "linux" };
    const newBase = await imageOf(store, NEW, { platform });
    const oldBase = await imageOf(store, OLD);
    const refused = expect.objectContaining({ code: "wrong-architecture" }) as Error;
    expect(() => rebaseImage(viewOf(image), oldBase, newBase)).toThrow(refused);
  });
});

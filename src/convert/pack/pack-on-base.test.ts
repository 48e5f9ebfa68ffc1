// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { createServer } from "node:net";
import { beforeEach, describe, expect, it } from "vitest";
import { usePackingSite, YEAR_2001 } from "../../../test/fixtures/packing.ts";
import { openUnpacked } from "../../disk/sidecar/open-unpacked.ts";
import { readImage, type Image } from "../../image/image.ts";
import { compareTrees } from "../../rootfs/compare/compare-trees.ts";
import { openImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { buildImage } from "../../testing/build-image.ts";
import type { ListedEntry } from "../../testing/list-layer.ts";
import { packDirectory } from "./pack-directory.ts";

const site = usePackingSite();
const { at, write, settleTimes, pack, entriesOf, pathsIn } = site;

describe("a directory packed on a base", () => {
  let image: Image;

  beforeEach(async () => {
    write("kept", "kept");
    write("d/changed", "before");
    write("d/removed", "x");
    write("gone/deep/file", "x");
    write("to-directory", "x");
    write("to-file/child", "x");
    write("links/one", "linked");
    fs.linkSync(at("links/one"), at("links/two"));
    settleTimes();
    image = await pack();
  });

  /** The new layer's paths. Also checks that the image with this layer, applied, equals the directory. */
  async function changedPaths(): Promise<string[]> {
    const result = await packDirectory(site.directory, site.store, { base: image });
    const packed = await readImage(site.store, result.image!);
    const root = openUnpacked(site.directory);
    try {
      const { differences, undecided } = compareTrees(await openImageFilesystem(packed), root);
      expect({ differences, undecided }).toEqual({ differences: [], undecided: [] });
    } finally {
      root.close();
    }
    const layers = packed.config.value.rootfs.diff_ids.length;
    expect(packed.manifest.value.layers.slice(0, 1)).toEqual(image.manifest.value.layers);
    expect(packed.config.value.history).toHaveLength(layers);
    return layers === 1 ? [] : pathsIn(packed, 1);
  }

  it("is the base itself if nothing changed, also in another store", async () => {
    const other = createMemoryStore();
    const result = await packDirectory(site.directory, other, { base: image, tag: "v1" });
    expect(result).toMatchObject({ layers: [], entries: 0, changes: [] });
    expect((await other.resolve("v1")).digest).toBe(image.descriptor.digest);
    const [layer] = image.manifest.value.layers;
    expect(await other.exists(layer!)).toBe(true);
  });

  it("contains what was added, and its parent directory, whose time changed as well", async () => {
    write("d/added", "new");
    expect(await changedPaths()).toEqual(["d/", "d/added"]);
  });

  it("contains a changed file completely, even if its size and time are the same", async () => {
    fs.writeFileSync(at("d/changed"), "after!");
    fs.utimesSync(at("d/changed"), YEAR_2001, YEAR_2001);
    const [entry] = await entriesOfChange();
    expect(entry).toMatchObject({ entry: { path: "d/changed" }, content: "after!" });
  });

  async function entriesOfChange(): Promise<ListedEntry[]> {
    const { image: packed } = await packDirectory(site.directory, site.store, { base: image });
    return entriesOf(await readImage(site.store, packed!), 1);
  }

  it("contains a file whose mode changed, completely", async () => {
    fs.chmodSync(at("kept"), 0o600);
    expect(await changedPaths()).toEqual(["kept"]);
    expect((await entriesOfChange())[0]).toMatchObject({ content: "kept", entry: { mode: 0o600 } });
  });

  it("contains one removal for a file, and one for a whole directory", async () => {
    fs.rmSync(at("d/removed"));
    fs.rmSync(at("gone"), { recursive: true });
    settleTimes();
    expect(await changedPaths()).toEqual(["d/.wh.removed", ".wh.gone"]);
  });

  it("contains no removals inside a directory that became a file, or for a file that became a directory", async () => {
    fs.rmSync(at("to-directory"));
    write("to-directory/x", "x");
    fs.rmSync(at("to-file"), { recursive: true });
    fs.writeFileSync(at("to-file"), "x");
    settleTimes();
    expect(await changedPaths()).toEqual(["to-directory/", "to-directory/x", "to-file"]);
  });

  it("contains all names of a file if one of them changed", async () => {
    fs.appendFileSync(at("links/two"), "!");
    fs.linkSync(at("links/one"), at("links/three"));
    settleTimes();
    const entries = await entriesOfChange();
    expect(entries.map(({ entry }) => [entry.type, entry.path, entry.linkTarget])).toEqual([
      ["file", "links/one", ""],
      ["hardlink", "links/three", "links/one"],
      ["hardlink", "links/two", "links/one"],
    ]);
    expect(await changedPaths()).toHaveLength(3);
  });

  it("contains both names of a file that were separated", async () => {
    fs.rmSync(at("links/two"));
    write("links/two", "linked");
    settleTimes();
    expect(await changedPaths()).toEqual(["links/one", "links/two"]);
  });

  it("contains the removal of a file that a socket has replaced", async () => {
    fs.rmSync(at("kept"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at("kept"), resolve));
    fs.utimesSync(site.directory, YEAR_2001, YEAR_2001);
    const { changes, skipped } = await packDirectory(site.directory, site.store, { base: image });
    await new Promise((resolve) => server.close(resolve));
    expect(changes).toEqual([{ change: "removed", path: "/kept" }]);
    expect(skipped).toHaveLength(1);
  });

  it("keeps the settings, annotations and history of the base", async () => {
    const settings = { User: "me", Env: ["A=1"] };
    const annotations = { "org.example": "x" };
    const spec = { layers: [{ a: "a" }], config: settings, annotations };
    const { descriptor } = await buildImage(site.store, spec);
    image = await readImage(site.store, descriptor);
    const { image: packed } = await packDirectory(site.directory, site.store, {
      base: image,
      created: 5,
    });
    const { config, manifest } = await readImage(site.store, packed!);
    expect(config.value.config).toEqual(settings);
    expect(manifest.value.annotations).toEqual(annotations);
    expect(config.value.created).toBe("1970-01-01T00:00:05Z");
    expect(config.value.history?.map((step) => step.created_by)).toEqual(["test", "oci-kit pack"]);
  });

  it("reports what changed, and does nothing else in a dry run", async () => {
    fs.rmSync(at("d/removed"));
    write("d/\u001b[31m", "x");
    const result = await packDirectory(site.directory, site.store, { base: image, dryRun: true });
    expect(result.image).toBeUndefined();
    expect(result.changes).toEqual([
      { change: "changed", path: "/d" },
      { change: "added", path: "/d/\\x1b[31m" },
      { change: "removed", path: "/d/removed" },
    ]);
    expect(result.entries).toBe(3);
  });

  it("is refused if a directory with the name of a whiteout would have to be removed", async () => {
    write(".wh.etc/x", "");
    image = await pack();
    fs.rmSync(at(".wh.etc"), { recursive: true });
    await expect(pack({ base: image })).rejects.toMatchObject({ code: "unsupported-operation" });
  });
});

// SPDX-License-Identifier: MIT
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createImagesProject,
  writeTar,
  type ImagesProject,
} from "../../../test/fixtures/images-project.ts";
import { listLayer } from "../../testing/list-layer.ts";

let project: ImagesProject;

beforeEach(async () => {
  project = await createImagesProject();
});
afterEach(() => project.remove());

describe("append", () => {
  it("stores a compressed tar unchanged and moves no blob of the base", async () => {
    const digest = await writeTar("new.tar.gz", { new: "3" }, "gzip");
    const words = ["append", "oci:images:one", "oci:images:two", "--layer", "new.tar.gz"];
    const { images } = await project.edited(...words);
    expect(images[0]!.layers.map(({ made }) => made)).toEqual([false, false, true]);
    expect(images[0]!.layers[2]!.descriptor.digest).toBe(digest);
    expect(images[0]!.skipped.count).toBe(2);
    expect(await project.exported("oci:images:two")).toEqual(["a/", "a/b", "c", "a/d", "new"]);
  });

  it("refuses a target inside a directory that becomes a layer, so that the layer can't contain it", async () => {
    mkdirSync("tree");
    writeFileSync("tree/file", "x");
    for (const place of ["oci:tree/image", "oci-archive:tree/image.tar:1"]) {
      const words = ["append", "oci:images:one", place, "--layer", "tree"];
      const { status, stderr } = await project.run(...words);
      expect(stderr).toContain('layer tree: expected an output outside "tree"');
      expect(status).toBe(1);
    }
    expect(readdirSync("tree")).toEqual(["file"]);
  });

  it("edits the entries of a layer in the documented order", async () => {
    await writeTar("new.tar", { "src/keep": "1", "src/drop.o": "2", "old/x": "3" }, "none");
    await project.edited(
      ...["append", "oci:images:one", "oci:images:two", "--layer", "new.tar"],
      ...["--drop", "src/*.o", "--rename", "old=src/was-old", "--prefix", "/opt"],
      ...["--chown", "7:8", "--chmod", "u=rw,go=r", "--mtime", "5", "--compression", "zstd"],
    );
    const { bytes } = await project.run("export", "oci:images:two");
    const added = listLayer(bytes!)
      .slice(4)
      .map(({ entry }) => entry);
    expect(added.map(({ path }) => path)).toEqual([
      "opt/",
      "opt/src/",
      "opt/src/keep",
      "opt/src/was-old/",
      "opt/src/was-old/x",
    ]);
    expect(added.at(-1)).toMatchObject({ uid: 7, gid: 8, mode: 0o644, mtime: 5 });
    expect((await project.inspected("oci:images:two")).manifest.layers[2]!.mediaType).toMatch(
      /zstd$/,
    );
  });

  it("makes the same layer of a directory every time, without the metadata of the directory itself", async () => {
    mkdirSync("tree/sub", { recursive: true, mode: 0o700 });
    writeFileSync("tree/sub/file", "content");
    const words = ["--layer", "tree", "--chown", "0:0", "--mtime", "0"];
    const first = await project.edited("append", "oci:images:one", "oci:images:two", ...words);
    const second = await project.edited("append", "oci:images:one", "oci:images:three", ...words);
    expect(second.digest).toBe(first.digest);
    expect(await project.exported("oci:images:two")).toEqual([
      ...["a/", "a/b", "c", "a/d", "sub/", "sub/file"],
    ]);
    await project.edited(
      "append",
      "oci:images:one",
      "oci:images:four",
      ...words,
      "--prefix",
      "/opt/t",
    );
    expect((await project.exported("oci:images:four")).slice(4)).toEqual([
      ...["opt/", "opt/t/", "opt/t/sub/", "opt/t/sub/file"],
    ]);
  });

  it("appends the layers to every image of an index, in the given order", async () => {
    await writeTar("x.tar", { x: "1" }, "none");
    await writeTar("y.tar", { y: "1" }, "gzip");
    const layers = ["--layer", "x.tar", "--layer", "y.tar"];
    const { images, dropped } = await project.edited(
      "append",
      "oci:images:all",
      "oci:images:new",
      ...layers,
    );
    expect(images.map((image) => image.layers.length)).toEqual([4, 4]);
    const made = images.map((image) => image.layers.filter((layer) => layer.made).length);
    expect(made).toEqual([2, 0]); // the second image reuses the two layers made for the first
    expect(dropped).toHaveLength(1);
  });

  it.each([
    ["a layer that is not there", ["--layer", "no.tar"], "no.tar"],
    ["a file that is not a tar", ["--layer", "linux/oci-kit.yaml"], "oci-kit.yaml"],
    ["an owner by name", ["--layer", "x.tar", "--chown", "me"], "--chown: expected numbers"],
    [
      "a rename without a new name",
      ["--layer", "x.tar", "--rename", "a"],
      "--rename: expected FROM=TO",
    ],
    [
      "a time that is not in seconds",
      ["--layer", "x.tar", "--mtime", "now"],
      "--mtime: expected seconds",
    ],
    [
      "a clamp without a time",
      ["--layer", "x.tar", "--clamp-mtime"],
      "--clamp-mtime: expected --mtime",
    ],
    ["a mode that is not octal", ["--layer", "x.tar", "--chmod", "rwx"], "mode: expected octal"],
    [
      "an unknown compression",
      ["--layer", "x.tar", "--compression", "xz"],
      "--compression: expected",
    ],
    [
      "dropping a file but keeping a hard link to it",
      ["--layer", "x.tar", "--drop", "x"],
      'hard link "y"',
    ],
    ["no layer", [], "required option '--layer"],
  ])("refuses %s, and leaves the layout as it was", async (_, words, message) => {
    await writeTar("x.tar", { x: "1", y: { hardlink: "x" } }, "none");
    const before = project.list();
    const ran = await project.run("append", "oci:images:one", "oci:images:two", ...words);
    expect(ran.stderr).toContain(message);
    expect(ran.status).toBe(1);
    expect(project.list()).toEqual(before);
  });
});

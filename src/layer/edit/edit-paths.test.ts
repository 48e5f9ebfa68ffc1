// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromText, toText, type ByteString } from "../../bytes/byte-string.ts";
import { once } from "../../bytes/bytes.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { layerTar, type LayerFiles } from "../../testing/build-image.ts";
import { listLayer } from "../../testing/list-layer.ts";
import type { EntryEdit } from "./edit-entry.ts";
import { editLayer } from "./edit-layer.ts";
import { dropPaths, renamePaths } from "./edit-paths.ts";

const LARGE = 64 * 1024 * 1024;

async function edited(files: LayerFiles, edit: EntryEdit): Promise<Uint8Array> {
  const tar = editLayer(layerTar(files), edit);
  return readAll(tar, LARGE, "edited");
}

/** Each entry as `path`, or `path -> target`, with its content behind it. */
function listed(tar: Uint8Array): string[] {
  return listLayer(tar).map(({ entry, content }) => {
    const target = entry.linkTarget === "" ? "" : ` -> ${toText(entry.linkTarget)}`;
    return `${toText(entry.path)}${target}${content === "" ? "" : ` = ${content}`}`;
  });
}

const path = (text: string): ByteString => fromText(text);
const rename = (from: string, to: string): EntryEdit => renamePaths(path(from), path(to));
const drop = (...paths: readonly string[]): EntryEdit => dropPaths((at) => paths.includes(at));

describe("renamePaths", () => {
  it("moves a path and what is below it, but not a path that only starts with the same letters", async () => {
    const files = { "usr/": "", "usr/a/": "", "usr/a/b": "1", "usr/ab": "2" };
    expect(listed(await edited(files, rename("/usr/a", "opt/x/")))).toEqual([
      "usr/",
      "opt/x/",
      "opt/x/b = 1",
      "usr/ab = 2",
    ]);
  });

  it("adds a prefix to everything, and removes one", async () => {
    const files = { "./": "", "a/": "", "./a/b": "1" };
    const below = await edited(files, rename("/", "/opt"));
    expect(listed(below)).toEqual(["opt/", "opt/a/", "opt/a/b = 1"]);
    const tar = await readAll(editLayer(once(below), rename("/opt", "/")), LARGE, "tar");
    expect(listed(tar)).toEqual(["./", "a/", "a/b = 1"]);
  });

  it("moves whiteouts along with the paths that they remove", async () => {
    const files = { "usr/.wh.a": "", "usr/a/.wh..wh..opq": "", ".wh.top": "", ".wh..wh.plnk": "" };
    expect(listed(await edited(files, rename("/usr/a", "/opt/b")))).toEqual([
      "opt/.wh.b",
      "opt/b/.wh..wh..opq",
      ".wh.top",
      ".wh..wh.plnk",
    ]);
    expect(listed(await edited(files, rename("/", "/opt")))).toEqual([
      "opt/usr/.wh.a",
      "opt/usr/a/.wh..wh..opq",
      "opt/.wh.top",
      ".wh..wh.plnk",
    ]);
  });

  it("leaves the targets of symbolic links alone", async () => {
    const files = { "usr/a": { symlink: "/usr/b" } };
    expect(listed(await edited(files, rename("/usr", "/opt")))).toEqual(["opt/a -> /usr/b"]);
  });

  it.each([
    ["a file", { a: "content" }, "a file"],
    ["a whiteout", { ".wh.a": "" }, "a whiteout"],
  ])("refuses to put %s in place of the root", async (_, files, got) => {
    await expect(edited(files, rename("/a", "/"))).rejects.toThrow(
      `expected a directory to become the root, got ${got}`,
    );
  });

  it("refuses to lead out of the root", () => {
    expect(() => rename("/a", "../b")).toThrow(expect.objectContaining({ code: "path-escape" }));
  });

  it("there and back changes nothing", async () => {
    const names = fc.constantFrom("a", "b", "a/b", "b/a/c", "a/.wh.x", "b/.wh..wh..opq");
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(names, { maxLength: 6 }), async (paths) => {
        const files = Object.fromEntries(paths.map((at) => [at, at]));
        const there = await edited(files, rename("/", "/x/y"));
        const back = await readAll(editLayer(once(there), rename("/x/y", "/")), LARGE, "tar");
        const before = await readAll(layerTar(files), LARGE, "before");
        expect(digestBytes(back)).toBe(digestBytes(before));
      }),
    );
  });
});

describe("dropPaths", () => {
  it("drops everything below a path, and whiteouts there", async () => {
    const files = {
      "usr/": "",
      "usr/doc/": "",
      "usr/doc/.wh.old": "",
      "usr/doc/a/b": "1",
      "usr/.wh.doc": "",
      "usr/docs": "2",
    };
    expect(listed(await edited(files, drop("/usr/doc")))).toEqual(["usr/", "usr/docs = 2"]);
  });
});

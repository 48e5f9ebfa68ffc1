// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  b,
  contentOf,
  directory,
  file,
  hardlink,
  makeImage,
  mergeImage,
  symlink,
  whiteout,
} from "../../../test/fixtures/layers.ts";
import { compileGlob } from "../glob.ts";
import type { ImageFilesystem } from "../image-filesystem.ts";
import { describeEntries, type DescribedFilesystem } from "./describe-entries.ts";
import { findEntries, type FindQuery } from "./find-entries.ts";
import { openLayerFilesystem } from "./layer-filesystem.ts";
import { listEntries, type ListOptions } from "./list-entries.ts";
import { lookUp, lookUpFile } from "./look-up.ts";

const BASE = [
  directory("etc"),
  file("etc/a", "lower", { mtime: 100 }),
  file("etc/b", "1234", { mtime: 100, mtimeNanoseconds: 5 }),
  directory("usr/bin", { mode: 0o1777 }),
  file("usr/bin/sh", "sh", { mode: 0o4755, uid: 1000, gid: 50 }),
  hardlink("usr/bin/dash", "usr/bin/sh"),
  symlink("bin", "usr/bin"),
  symlink("dangling", "nowhere/there"),
  symlink("loop", "loop"),
];
const TOP = [
  file("etc/.hidden", "h"),
  whiteout("etc/.wh.b"),
  hardlink("usr/bin/ash", "usr/bin/sh"),
  directory("opaque"),
  whiteout("opaque/.wh..wh..opq"),
];

const open = (): Promise<ImageFilesystem> => mergeImage([BASE, TOP]);
const openLayer = async (layer: number) => openLayerFilesystem(await makeImage([BASE, TOP]), layer);

function list(root: DescribedFilesystem, path: string, options?: ListOptions): string[] {
  return [...listEntries(root, b(path), options)].map((entry) => entry.path);
}

function find(root: DescribedFilesystem, query: FindQuery, path = "/"): string[] {
  return [...findEntries(root, b(path), query)].map((entry) => entry.path);
}

describe("listing a directory", () => {
  it("gives absolute paths sorted by bytes, hidden names too", async () => {
    expect(list(await open(), "/etc")).toEqual(["/etc/.hidden", "/etc/a"]);
  });

  it("follows links inside the root, and not the last one when told so", async () => {
    const root = await open();
    const bin = ["/usr/bin/ash", "/usr/bin/dash", "/usr/bin/sh"];
    expect(list(root, "bin")).toEqual(bin);
    expect(list(root, "/bin", { follow: false })).toEqual(["/bin"]);
    expect(list(root, "/bin/", { follow: false })).toEqual(bin);
  });

  it("lists a file as itself, and everything below a directory when recursive", async () => {
    const root = await open();
    expect(list(root, "/etc/a")).toEqual(["/etc/a"]);
    expect(list(root, "/usr", { recursive: true })).toEqual([
      ...["/usr/bin", "/usr/bin/ash", "/usr/bin/dash", "/usr/bin/sh"],
    ]);
  });
});

describe("looking up a path that leads nowhere", () => {
  it.each([
    ["/usr/bni/cc", "nothing at /usr/bni/cc; the nearest that exists is /usr"],
    ["/x/y/z", "the nearest that exists is /"],
    ["/etc/a/b", "/etc/a is no directory"],
    ["/dangling", "nothing at /nowhere/there; .*; /dangling is a link to nowhere/there"],
  ])("says what exists of %s", async (path, message) => {
    const root = await open();
    expect(() => lookUp(root, b(path))).toThrow(
      expect.objectContaining({
        code: "not-found",
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  it("refuses a loop, and a file that is none", async () => {
    const root = await open();
    expect(() => lookUp(root, b("/loop"))).toThrow(expect.objectContaining({ code: "link-loop" }));
    expect(() => lookUpFile(root, b("/bin"))).toThrow(
      /\/usr\/bin: expected a file, got a directory/,
    );
  });
});

describe("finding", () => {
  it.each<[FindQuery, string[]]>([
    [{ name: compileGlob(b("*sh")) }, ["/usr/bin/ash", "/usr/bin/dash", "/usr/bin/sh"]],
    [{ name: compileGlob(b("*")), types: ["symlink"] }, ["/bin", "/dangling", "/loop"]],
    [{ path: compileGlob(b("/etc/**")) }, ["/etc/.hidden", "/etc/a"]],
    [{ size: { from: 5, to: 5 } }, ["/etc/a"]],
    [{ size: { from: 0, to: 1 } }, ["/etc/.hidden"]],
    [{ mode: { match: "exactly", bits: 0o1777 } }, ["/usr/bin"]],
    [{ mode: { match: "all", bits: 0o4700 }, name: compileGlob(b("sh")) }, ["/usr/bin/sh"]],
    [{ mode: { match: "any", bits: 0o1000 } }, ["/usr/bin"]],
    [{ uid: 1000, gid: 50 }, ["/usr/bin/ash", "/usr/bin/dash", "/usr/bin/sh"]],
    [{ uid: 1000, gid: 0 }, []],
    [{ newerThan: { mtime: 99, mtimeNanoseconds: 0 } }, ["/etc/a"]],
    [{ newerThan: { mtime: 100, mtimeNanoseconds: 0 } }, []],
  ])("by %j", async (query, paths) => {
    expect(find(await open(), query)).toEqual(paths);
  });

  it("starts at the path and counts it, without following it", async () => {
    const root = await open();
    expect(find(root, {}, "/etc")).toEqual(["/etc", "/etc/.hidden", "/etc/a"]);
    expect(find(root, {}, "/bin")).toEqual(["/bin"]);
    expect(find(root, { name: compileGlob(b("/")) })).toEqual(["/"]);
  });
});

describe("one layer alone", () => {
  it("has its own entries and whiteouts, and a hard link to a lower layer's file", async () => {
    const layer = await openLayer(1);
    expect(list(layer, "/", { recursive: true })).toEqual([
      ...["/etc", "/etc/.hidden", "/etc/.wh.b", "/opaque", "/opaque/.wh..wh..opq"],
      ...["/usr", "/usr/bin", "/usr/bin/ash"],
    ]);
    expect(find(layer, { types: ["whiteout"] })).toEqual(["/etc/.wh.b", "/opaque/.wh..wh..opq"]);
    expect(find(layer, { types: ["file"] })).toEqual(["/etc/.hidden", "/usr/bin/ash"]);
    const removed = describeEntries(layer, listEntries(layer, b("/etc"))).map((e) => e.removes);
    expect(removed).toEqual([undefined, "/etc/b"]);
    expect(await contentOf(layer, "/usr/bin/ash")).toBe("sh");
    expect(await contentOf(layer, "/etc/.wh.b")).toBe("");
  });

  it("shows what a higher layer hides", async () => {
    const layer = await openLayer(0);
    expect(await contentOf(layer, "/etc/b")).toBe("1234");
  });

  it.each([2, -1, 0.5])("is refused when the image has no layer %d", async (number) => {
    await expect(openLayer(number)).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("0 (the lowest) to 1") as string,
    });
  });
});

describe("the description of an entry", () => {
  it("counts names over the whole tree, and says which layer it is from", async () => {
    const root = await open();
    const [sh, usr, a] = describeEntries(
      root,
      ["/bin/sh", "/usr", "/etc/.hidden"].map((path) => lookUp(root, b(path))),
    );
    expect(sh).toMatchObject({ path: "/usr/bin/sh", links: 3, layer: 0, type: "file" });
    expect(usr).toMatchObject({ links: 3, layer: undefined, type: "directory" });
    expect(a).toMatchObject({ links: 1, layer: 1 });
  });
});

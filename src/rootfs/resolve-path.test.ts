// SPDX-License-Identifier: MIT
import { beforeAll, describe, expect, it } from "vitest";
import { b, directory, file, mergeImage, symlink } from "../../test/fixtures/layers.ts";
import { resolvePath, tracePath, type Resolution } from "./resolve-path.ts";
import type { RootFilesystem } from "./root-filesystem.ts";

let root: RootFilesystem;

beforeAll(async () => {
  root = await mergeImage([
    [
      symlink("bin", "usr/bin"),
      file("opt/gcc-14/bin/gcc", "gcc"),
      symlink("usr/bin/cc", "/etc/alternatives/cc"),
      symlink("etc/alternatives/cc", "/opt/gcc-14/bin/gcc"),
      symlink("usr/bin/up", "../../../../../opt/gcc-14/bin/gcc"),
      symlink("usr/bin/level", "../../opt"),
      symlink("usr/bin/dangling", "../lib/nothing/../here"),
      symlink("usr/bin/through-file", "/opt/gcc-14/bin/gcc/x"),
      symlink("usr/bin/file-slash", "/opt/gcc-14/bin/gcc/"),
      symlink("usr/bin/dir-slash", "/opt/"),
      symlink("usr/bin/dots", "./.././/bin/./cc"),
      symlink("usr/bin/self", "self"),
      symlink("loop/a", "/loop/b"),
      symlink("loop/b", "a"),
      directory("chain"),
      file("chain/0"),
      ...Array.from({ length: 41 }, (_, at) => symlink(`chain/${at + 1}`, String(at))),
    ],
  ]);
});

function resolve(path: string): Resolution {
  return resolvePath(root, b(path));
}

function hopsOf({ hops }: Resolution): string[] {
  return hops.map(({ path, target }) => `${path} -> ${target}`);
}

describe("resolving a path inside a root", () => {
  it("restarts at the root for an absolute target, and lists every link followed", () => {
    const found = resolve("/bin/cc");
    expect(found).toMatchObject({ path: "/opt/gcc-14/bin/gcc", stop: undefined });
    expect(found.node).toBe(root.lstat(b("/opt/gcc-14/bin/gcc")));
    expect(hopsOf(found)).toEqual([
      "/bin -> usr/bin",
      "/usr/bin/cc -> /etc/alternatives/cc",
      "/etc/alternatives/cc -> /opt/gcc-14/bin/gcc",
    ]);
  });

  it("stops `..` at the root, and says which link target tried to climb above it", () => {
    const found = resolve("/usr/bin/up");
    expect(found.path).toBe("/opt/gcc-14/bin/gcc");
    expect(found.hops[0]?.climbs).toBe(true);
    expect(resolve("/usr/bin/level").hops[0]?.climbs).toBe(false);
    expect(resolve("/../../opt").path).toBe("/opt");
  });

  it("ignores empty components and `.`, and resolves the root to itself", () => {
    expect(resolve("/usr/bin/dots").path).toBe("/opt/gcc-14/bin/gcc");
    expect(resolve("/")).toMatchObject({ path: "/", node: { type: "directory" } });
    expect(resolve("").path).toBe("/");
    expect(resolve("//usr/./bin/..//bin").path).toBe("/usr/bin");
  });

  it("says where it stopped and which path was missing for a dangling link", () => {
    const found = resolve("/usr/bin/dangling");
    expect(found.node).toBeUndefined();
    expect(found.stop).toEqual({ path: "/usr/lib", why: "absent" });
    expect(found.path).toBe("/usr/lib/here");
    expect(found.hops).toHaveLength(1);
  });

  it("does not accept a file where a directory is needed, even if only by a trailing slash", () => {
    const stop = { path: "/opt/gcc-14/bin/gcc", why: "not-a-directory" };
    expect(resolve("/usr/bin/through-file").stop).toEqual(stop);
    expect(resolve("/usr/bin/file-slash").stop).toEqual(stop);
    expect(resolve("/opt/gcc-14/bin/gcc/..").stop).toEqual(stop);
    expect(resolve("/usr/bin/dir-slash").path).toBe("/opt");
  });

  it("follows forty links but no more", () => {
    expect(resolve("/chain/40").path).toBe("/chain/0");
    expect(() => resolve("/chain/41")).toThrow(expect.objectContaining({ code: "link-loop" }));
    expect(() => resolvePath(root, b("/chain/3"), { limits: { linkHops: 2 } })).toThrow(
      /at most 2/,
    );
  });

  it.each(["/loop/a", "/usr/bin/self", "/loop/a/b"])("refuses the link loop at %s", (path) => {
    expect(() => resolve(path)).toThrow(expect.objectContaining({ code: "link-loop" }));
  });

  it("lists the links of a loop when they are traced", () => {
    const traced = tracePath(root, b("/loop/a"));
    expect(traced.stop?.why).toBe("link-loop");
    expect(hopsOf(traced).slice(0, 3)).toEqual([
      "/loop/a -> /loop/b",
      "/loop/b -> a",
      "/loop/a -> /loop/b",
    ]);
    expect(traced.hops).toHaveLength(40);
  });

  it("does not follow a link at the end when told so, but follows those before it", () => {
    const found = resolvePath(root, b("/bin/cc"), { followLast: false });
    expect(found).toMatchObject({ path: "/usr/bin/cc", node: { type: "symlink" } });
  });
});

// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  b,
  contentOf,
  directory,
  file,
  hardlink,
  listTree,
  mergeImage,
  special,
  symlink,
  whiteout,
  type Piece,
} from "../../../test/fixtures/layers.ts";

/** The merged tree without its root's line. */
async function merge(...layers: Piece[][]): Promise<string[]> {
  return listTree(await mergeImage(layers)).slice(1);
}

describe("links among the parents of an entry", () => {
  it("lead inside the root: l -> /etc, then l/x is etc/x (breakouts)", async () => {
    expect(await merge([symlink("l", "/etc"), file("l/x")])).toEqual([
      "/etc directory",
      "/etc/x file",
      "/l -> /etc",
    ]);
  });

  it("lead inside the root through a `..` that takes back a directory that is not there", async () => {
    expect(await merge([symlink("l", "/dummy/../etc"), file("l/x")])).toEqual([
      "/etc directory",
      "/etc/x file",
      "/l -> /dummy/../etc",
    ]);
  });

  it("that lead nowhere get their targets made", async () => {
    expect(await merge([symlink("l", "/no/where"), file("l/x")])).toContain("/no/where/x file");
  });

  it("lead inside the root through a chain of links", async () => {
    const tree = await merge([symlink("d/etc", "/etc"), symlink("l", "/d/etc"), file("l/x")]);
    expect(tree).toContain("/etc/x file");
  });

  it("climb no higher than the root", async () => {
    const tree = await merge([symlink("a/l", "../../../../etc"), file("a/l/x")]);
    expect(tree).toContain("/etc/x file");
  });

  it("of a lower layer are followed too", async () => {
    expect(
      await merge([symlink("bin", "usr/bin"), directory("usr/bin")], [file("bin/cc")]),
    ).toEqual(["/bin -> usr/bin", "/usr directory", "/usr/bin directory", "/usr/bin/cc file"]);
  });

  it("that were replaced by a directory lead nowhere any more, and the other way round", async () => {
    expect(await merge([symlink("l", "/etc")], [directory("l"), file("l/x")])).toEqual([
      "/l directory",
      "/l/x file",
    ]);
    expect(
      await merge([directory("d"), file("d/old")], [symlink("d", "/etc"), file("d/x")]),
    ).toEqual(["/d -> /etc", "/etc directory", "/etc/x file"]);
  });

  it("that go round in circles are refused", async () => {
    const looping = merge([symlink("a", "b"), symlink("b", "a"), file("a/x")]);
    await expect(looping).rejects.toMatchObject({ code: "link-loop" });
  });

  it("more than forty of them are refused, forty are followed", async () => {
    const chain = (length: number): Piece[] => [
      directory("end"),
      ...Array.from({ length }, (_, at) => symlink(`l${at}`, at === 0 ? "end" : `l${at - 1}`)),
      file(`l${length - 1}/x`),
    ];
    expect(await merge(chain(40))).toContain("/end/x file");
    await expect(merge(chain(41))).rejects.toMatchObject({ code: "link-loop" });
  });

  it("are followed as long as their targets are not too long in all", async () => {
    const target = (next: number): string => `${"./".repeat(32_000)}l${next}`;
    const links = Array.from({ length: 39 }, (_, at) => symlink(`l${at}`, target(at + 1)));
    // replacing a link makes every way be looked for again
    const again = Array.from({ length: 20 }, (_, at) => [symlink("s", "x"), file(`l0/${at}`)]);
    await expect(merge([...links, ...again.flat()])).rejects.toThrow(
      /^layer 0: expected at most \d+ bytes of targets of links/,
    );
  });
});

describe("entries that meet what is there", () => {
  it("a directory over a link to a directory replaces the link and leaves its target alone", async () => {
    const root = await mergeImage([
      [directory("etc", { mode: 0o750 }), symlink("l", "etc")],
      [directory("l", { mode: 0o777 })],
    ]);
    expect(root.lstat(b("/etc"))?.mode).toBe(0o750);
    expect(root.lstat(b("/l"))).toMatchObject({ type: "directory", mode: 0o777 });
  });

  it("a file among the parents is replaced by a directory, as umoci does", async () => {
    expect(await merge([file("a")], [file("a/b")])).toEqual(["/a directory", "/a/b file"]);
  });

  it("a directory again keeps what is in it and takes the new metadata", async () => {
    const root = await mergeImage([
      [directory("d", { mode: 0o700 }), file("d/x")],
      [directory("d", { mode: 0o755, uid: 7 })],
    ]);
    expect(root.lstat(b("/d"))).toMatchObject({ mode: 0o755, uid: 7 });
    expect(root.list(b("/d"))).toEqual(["x"]);
  });

  it("a file over a directory removes all that was in it", async () => {
    expect(await merge([file("d/x"), file("d/y/z")], [file("d")])).toEqual(["/d file"]);
  });

  it("of two entries with one path the last wins, whatever their types", async () => {
    expect(await merge([file("x"), directory("x"), symlink("x", "y")])).toEqual(["/x -> y"]);
    const root = await mergeImage([[file("x", "one"), file("x", "two")]]);
    expect(await contentOf(root, "/x")).toBe("two");
  });

  it("parents that no layer names are 0755, of root and of 1970, each a node of its own", async () => {
    const root = await mergeImage([[file("a/b/c")]]);
    const implied = { type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 0 };
    expect(root.lstat(b("/a"))).toMatchObject(implied);
    expect(root.lstat(b("/a/b"))).toMatchObject(implied);
    expect(root.lstat(b("/a"))).not.toBe(root.lstat(b("/a/b")));
    expect(root.location(root.lstat(b("/a"))!)).toBeUndefined();
  });

  it.each([".", "./", "/", "/./"])("the entry %j sets the root's own metadata", async (path) => {
    const root = await mergeImage([[directory(path, { mode: 0o711, gid: 5 }), file("x")]]);
    expect(root.lstat(b("/"))).toMatchObject({ type: "directory", mode: 0o711, gid: 5 });
    expect(root.list(b("/"))).toEqual(["x"]);
  });

  it.each([".", "/", "..", "a/.."])(
    "a link in place of the root, named %j, is refused (CVE-2021-29136)",
    async (path) => {
      const code = path === ".." ? "path-escape" : "invalid-layer";
      await expect(merge([symlink(path, "/etc")])).rejects.toMatchObject({ code });
    },
  );

  it.each(["../x", "a/../../x", "/../x", "../out-evil"])(
    "the name %j leaves the root and is refused",
    async (path) => {
      await expect(merge([file(path)])).rejects.toMatchObject({ code: "path-escape" });
    },
  );

  it("absolute names and links that lead nowhere are kept as they are", async () => {
    expect(
      await merge([file("/etc/passwd"), symlink("self", "self"), symlink("no", "/no")]),
    ).toEqual(["/etc directory", "/etc/passwd file", "/no -> /no", "/self -> self"]);
  });

  it("devices and fifos are nodes like any other", async () => {
    const root = await mergeImage([
      [special("character", "dev/null", { deviceMajor: 1, deviceMinor: 3 }), special("fifo", "f")],
    ]);
    expect(root.lstat(b("/dev/null"))).toMatchObject({
      type: "character",
      deviceMajor: 1,
      deviceMinor: 3,
    });
    expect(root.lstat(b("/f"))?.type).toBe("fifo");
  });

  it("a device 0:0 is no whiteout in a layer, and overlay attributes are attributes", async () => {
    const overlay = new Map([[b("trusted.overlay.opaque"), b("y")]]);
    const root = await mergeImage([
      [file("x"), file("d/y")],
      [special("character", "c"), directory("d", { xattrs: overlay })],
    ]);
    expect(listTree(root).slice(1)).toEqual([
      "/c character",
      "/d directory",
      "/d/y file",
      "/x file",
    ]);
    expect(root.lstat(b("/d"))?.xattrs).toEqual(overlay);
  });

  it("a hundred thousand characters of nested directories are walked without recursion", async () => {
    const path = "d/".repeat(30_000);
    const root = await mergeImage([[directory(path)]], {
      limits: { pathBytes: 1e6, impliedPathBytes: 1e9 },
    });
    let count = 0;
    for (const [, node] of root.paths()) count += node.type === "directory" ? 1 : 0;
    expect(count).toBe(30_001);
  });
});

describe("hard links", () => {
  it("share the node of their target, in one layer and across layers", async () => {
    const root = await mergeImage([
      [file("a", "content"), hardlink("b", "a")],
      [hardlink("dir/c", "/a")],
    ]);
    const node = root.lstat(b("/a"));
    expect(node).toBeDefined();
    expect(root.lstat(b("/b"))).toBe(node);
    expect(root.lstat(b("/dir/c"))).toBe(node);
    expect(root.location(node!)).toEqual({ layer: 0, entry: 0 });
    expect(await contentOf(root, "/dir/c")).toBe("content");
  });

  it("keep the content when the name they were made from goes or changes", async () => {
    const root = await mergeImage([
      [file("a", "old"), hardlink("b", "a")],
      [whiteout(".wh.a")],
      [file("a", "new")],
    ]);
    expect(await contentOf(root, "/a")).toBe("new");
    expect(await contentOf(root, "/b")).toBe("old");
  });

  it("follow links among the parents of the target, inside the root, and not the last", async () => {
    const root = await mergeImage([
      [
        file("etc/passwd"),
        symlink("d1", "/etc"),
        symlink("etc/s", "passwd"),
        hardlink("h", "d1/s"),
      ],
    ]);
    expect(root.lstat(b("/h"))).toBe(root.lstat(b("/etc/s")));
    expect(root.lstat(b("/h"))?.type).toBe("symlink");
  });

  it("may come before their targets, and before links to them", async () => {
    const root = await mergeImage([[hardlink("a", "b"), hardlink("b", "c"), file("c", "x")]]);
    expect(root.lstat(b("/a"))).toBe(root.lstat(b("/c")));
    expect(root.lstat(b("/b"))).toBe(root.lstat(b("/c")));
  });

  it("that come before their target lose to a later entry of their path", async () => {
    const root = await mergeImage([[hardlink("a", "b"), file("a", "later"), file("b", "b")]]);
    expect(await contentOf(root, "/a")).toBe("later");
  });

  it.each([
    ["what is not there (CVE-2026-50163)", hardlink("h", "package.json")],
    ["themselves", hardlink("h", "h")],
    ["a directory", hardlink("h", "etc")],
    ["the root", hardlink("h", "/")],
  ])("to %s are refused, with their names", async (_, link) => {
    const merging = merge([directory("etc"), link]);
    await expect(merging).rejects.toMatchObject({ code: "invalid-layer" });
    await expect(merging).rejects.toThrow(/hard link "h": expected a file at \/\S*, got/);
  });

  it("to a path outside the root are refused", async () => {
    const merging = merge([hardlink("h", "../../etc/passwd")]);
    await expect(merging).rejects.toMatchObject({ code: "path-escape" });
  });
});

describe("what is at a path", () => {
  it("does not depend on what was asked before", async () => {
    const root = await mergeImage([
      [file("a/b/c", "1"), file("a/bc", "2"), symlink("a/l", "b"), file("ab/c", "3"), file("z")],
    ]);
    const types: Readonly<Record<string, string | undefined>> = {
      "/": "directory",
      "/a": "directory",
      "/a/b": "directory",
      "/a/b/c": "file",
      "/a/bc": "file",
      "/a/b/c/d": undefined,
      "/a/l/c": undefined,
      "/ab": "directory",
      "/ab/c": "file",
      "/abc": undefined,
      "/z": "file",
    };
    for (const first of Object.keys(types)) {
      for (const [path, type] of Object.entries(types)) {
        root.lstat(b(first));
        expect(root.lstat(b(path))?.type, `${path} after ${first}`).toBe(type);
      }
    }
  });
});

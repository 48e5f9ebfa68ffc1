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

/** One line for each path of the merged tree, except the root. */
async function merge(...layers: Piece[][]): Promise<string[]> {
  return listTree(await mergeImage(layers)).slice(1);
}

describe("links among the parents of an entry", () => {
  it("lead inside the root: with l -> /etc, the entry l/x becomes etc/x", async () => {
    expect(await merge([symlink("l", "/etc"), file("l/x")])).toEqual([
      "/etc directory",
      "/etc/x file",
      "/l -> /etc",
    ]);
  });

  it("lead inside the root even when their target is a missing directory followed by `..`", async () => {
    expect(await merge([symlink("l", "/dummy/../etc"), file("l/x")])).toEqual([
      "/etc directory",
      "/etc/x file",
      "/l -> /dummy/../etc",
    ]);
  });

  it("cause missing target directories to be made", async () => {
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

  it("are followed when they come from a lower layer", async () => {
    expect(
      await merge([symlink("bin", "usr/bin"), directory("usr/bin")], [file("bin/cc")]),
    ).toEqual(["/bin -> usr/bin", "/usr directory", "/usr/bin directory", "/usr/bin/cc file"]);
  });

  it("are no longer followed once a directory replaced them, and links in place of directories are", async () => {
    expect(await merge([symlink("l", "/etc")], [directory("l"), file("l/x")])).toEqual([
      "/l directory",
      "/l/x file",
    ]);
    expect(
      await merge([directory("d"), file("d/old")], [symlink("d", "/etc"), file("d/x")]),
    ).toEqual(["/d -> /etc", "/etc directory", "/etc/x file"]);
  });

  it("are refused when they form a circle", async () => {
    const looping = merge([symlink("a", "b"), symlink("b", "a"), file("a/x")]);
    await expect(looping).rejects.toMatchObject({ code: "link-loop" });
  });

  it("are followed up to forty times; more are refused", async () => {
    const chain = (length: number): Piece[] => [
      directory("end"),
      ...Array.from({ length }, (_, at) => symlink(`l${at}`, at === 0 ? "end" : `l${at - 1}`)),
      file(`l${length - 1}/x`),
    ];
    expect(await merge(chain(40))).toContain("/end/x file");
    await expect(merge(chain(41))).rejects.toMatchObject({ code: "link-loop" });
  });

  it("are refused when the targets followed are too long in total", async () => {
    const target = (next: number): string => `${"./".repeat(32_000)}l${next}`;
    const links = Array.from({ length: 39 }, (_, at) => symlink(`l${at}`, target(at + 1)));
    // Replacing a link discards the directories found so far, so every path is walked again.
    const again = Array.from({ length: 20 }, (_, at) => [symlink("s", "x"), file(`l0/${at}`)]);
    await expect(merge([...links, ...again.flat()])).rejects.toThrow(
      /^layer 0: expected at most \d+ bytes of targets of links/,
    );
  });
});

describe("an entry at a path that exists already", () => {
  it("replaces a link to a directory by a directory, and leaves the link's target alone", async () => {
    const root = await mergeImage([
      [directory("etc", { mode: 0o750 }), symlink("l", "etc")],
      [directory("l", { mode: 0o777 })],
    ]);
    expect(root.lstat(b("/etc"))?.mode).toBe(0o750);
    expect(root.lstat(b("/l"))).toMatchObject({ type: "directory", mode: 0o777 });
  });

  it("replaces a file among its parents by a directory, as umoci does", async () => {
    expect(await merge([file("a")], [file("a/b")])).toEqual(["/a directory", "/a/b file"]);
  });

  it("gives an existing directory new metadata and keeps its contents when it is a directory", async () => {
    const root = await mergeImage([
      [directory("d", { mode: 0o700 }), file("d/x")],
      [directory("d", { mode: 0o755, uid: 7 })],
    ]);
    expect(root.lstat(b("/d"))).toMatchObject({ mode: 0o755, uid: 7 });
    expect(root.list(b("/d"))).toEqual(["x"]);
  });

  it("removes everything in an existing directory when it is a file", async () => {
    expect(await merge([file("d/x"), file("d/y/z")], [file("d")])).toEqual(["/d file"]);
  });

  it("wins over an earlier one of the same layer, whatever their types", async () => {
    expect(await merge([file("x"), directory("x"), symlink("x", "y")])).toEqual(["/x -> y"]);
    const root = await mergeImage([[file("x", "one"), file("x", "two")]]);
    expect(await contentOf(root, "/x")).toBe("two");
  });

  it("has parents of mode 0755, owner root and time 1970 when no layer names them, each a node of its own", async () => {
    const root = await mergeImage([[file("a/b/c")]]);
    const implied = { type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 0 };
    expect(root.lstat(b("/a"))).toMatchObject(implied);
    expect(root.lstat(b("/a/b"))).toMatchObject(implied);
    expect(root.lstat(b("/a"))).not.toBe(root.lstat(b("/a/b")));
    expect(root.location(root.lstat(b("/a"))!)).toBeUndefined();
  });

  it.each([".", "./", "/", "/./"])(
    "sets the metadata of the root when it is named %j",
    async (path) => {
      const root = await mergeImage([[directory(path, { mode: 0o711, gid: 5 }), file("x")]]);
      expect(root.lstat(b("/"))).toMatchObject({ type: "directory", mode: 0o711, gid: 5 });
      expect(root.list(b("/"))).toEqual(["x"]);
    },
  );

  it.each([".", "/", "..", "a/.."])(
    "is refused when it replaces the root by a link, here named %j (CVE-2021-29136)",
    async (path) => {
      const code = path === ".." ? "path-escape" : "invalid-layer";
      await expect(merge([symlink(path, "/etc")])).rejects.toMatchObject({ code });
    },
  );

  it.each(["../x", "a/../../x", "/../x", "../out-evil"])(
    "is refused when its name leaves the root, here %j",
    async (path) => {
      await expect(merge([file(path)])).rejects.toMatchObject({ code: "path-escape" });
    },
  );

  it("may be a link with an absolute or dangling target, which is kept as it is", async () => {
    expect(
      await merge([file("/etc/passwd"), symlink("self", "self"), symlink("no", "/no")]),
    ).toEqual(["/etc directory", "/etc/passwd file", "/no -> /no", "/self -> self"]);
  });

  it("can be a device or fifo like any other type", async () => {
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

  it("is no whiteout when it is a device 0:0 or has overlay attributes: those are kept", async () => {
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

  it("can be at the end of a hundred thousand characters of nested directories, walked without recursion", async () => {
    const path = "d/".repeat(30_000);
    const root = await mergeImage([[directory(path)]], {
      limits: { pathBytes: 1e6, impliedPathBytes: 1e9 },
    });
    let count = 0;
    for (const [, node] of root.paths()) count += node.type === "directory" ? 1 : 0;
    expect(count).toBe(30_001);
  });
});

describe("hard links of a merged tree", () => {
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

  it("keep the content when the name that they refer to is removed or replaced", async () => {
    const root = await mergeImage([
      [file("a", "old"), hardlink("b", "a")],
      [whiteout(".wh.a")],
      [file("a", "new")],
    ]);
    expect(await contentOf(root, "/a")).toBe("new");
    expect(await contentOf(root, "/b")).toBe("old");
  });

  it("follow links among the parents of their target inside the root, but not a link at its end", async () => {
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

  it("may come before their targets, and before other hard links to themselves", async () => {
    const root = await mergeImage([[hardlink("a", "b"), hardlink("b", "c"), file("c", "x")]]);
    expect(root.lstat(b("/a"))).toBe(root.lstat(b("/c")));
    expect(root.lstat(b("/b"))).toBe(root.lstat(b("/c")));
  });

  it("lose to a later entry of the same path when they come before their target", async () => {
    const root = await mergeImage([[hardlink("a", "b"), file("a", "later"), file("b", "b")]]);
    expect(await contentOf(root, "/a")).toBe("later");
  });

  it.each([
    ["a missing file (CVE-2026-50163)", hardlink("h", "package.json")],
    ["themselves", hardlink("h", "h")],
    ["a directory", hardlink("h", "etc")],
    ["the root", hardlink("h", "/")],
  ])("to %s are refused, with both names in the message", async (_, link) => {
    const merging = merge([directory("etc"), link]);
    await expect(merging).rejects.toMatchObject({ code: "invalid-layer" });
    await expect(merging).rejects.toThrow(/hard link "h": expected a file at \/\S*, got/);
  });

  it("to a path outside the root are refused", async () => {
    const merging = merge([hardlink("h", "../../etc/passwd")]);
    await expect(merging).rejects.toMatchObject({ code: "path-escape" });
  });
});

describe("looking up paths of a merged tree", () => {
  it("gives results that do not depend on earlier lookups", async () => {
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

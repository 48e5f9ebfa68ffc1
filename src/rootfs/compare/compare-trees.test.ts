// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeNode, makeTree, treeOf, type NodeParts } from "../../../test/fixtures/trees.ts";
import { b } from "../../../test/fixtures/layers.ts";
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { COMPARED_FIELDS, type ComparedField } from "./compare-nodes.ts";
import { compareTrees, formatDifference, type Comparison } from "./compare-trees.ts";
import type { Node } from "../root-filesystem.ts";
import { comparePaths, walkFilesystem } from "../walk-filesystem.ts";

const TOOL: NodeParts = { content: "tool", xattrs: new Map([[b("user.a"), b("1")]]) };
const DEVICE: NodeParts = { type: "character", deviceMajor: 1, deviceMinor: 3 };
const LINK: NodeParts = { type: "symlink", linkTarget: b("tool") };

function compareOne(expected: NodeParts, actual: NodeParts, ignore?: ComparedField[]): Comparison {
  const tree = (parts: NodeParts) => makeTree({ "/usr/x": makeNode(parts) });
  return compareTrees(tree(expected), tree(actual), { ignore });
}

const CHANGES: readonly (readonly [ComparedField, string, NodeParts, NodeParts, string, string])[] =
  [
    ["type", "another type", TOOL, { ...TOOL, type: "fifo" }, "file", "fifo"],
    ["mode", "another mode", TOOL, { ...TOOL, mode: 0o4755 }, "0644", "4755"],
    ["owner", "another user", TOOL, { ...TOOL, uid: 7 }, "0:0", "7:0"],
    ["owner", "another group", TOOL, { ...TOOL, gid: 7 }, "0:0", "0:7"],
    [
      "time",
      "another second",
      TOOL,
      { ...TOOL, mtime: -1 },
      "1000000000.000000000",
      "-1.000000000",
    ],
    [
      "time",
      "another nanosecond",
      LINK,
      { ...LINK, mtimeNanoseconds: 1 },
      "1000000000.000000000",
      "1000000000.000000001",
    ],
    ["link", "another target", LINK, { ...LINK, linkTarget: b("x\ny") }, "tool", "x\\ny"],
    ["device", "another major number", DEVICE, { ...DEVICE, deviceMajor: 2 }, "1:3", "2:3"],
    ["device", "another minor number", DEVICE, { ...DEVICE, deviceMinor: 4 }, "1:3", "1:4"],
    ["size", "another size", TOOL, { ...TOOL, content: "tools" }, "4", "5"],
    [
      "xattrs",
      "another value",
      TOOL,
      { ...TOOL, xattrs: new Map([[b("user.a"), b("2")]]) },
      'user.a="1"',
      'user.a="2"',
    ],
    [
      "xattrs",
      "one attribute less",
      TOOL,
      { ...TOOL, xattrs: new Map() },
      'user.a="1"',
      "no user.a",
    ],
    [
      "xattrs",
      "one attribute more",
      LINK,
      { ...LINK, xattrs: new Map([[b("trusted.b"), b("")]]) },
      "no trusted.b",
      'trusted.b=""',
    ],
  ];

describe("comparing two trees", () => {
  it("finds no difference between a tree and itself, and counts every path", () => {
    const tree = makeTree({ "/usr/tool": makeNode(TOOL), "/dev/null": makeNode(DEVICE) });
    expect(compareTrees(tree, tree)).toEqual({ compared: 5, differences: [], undecided: [] });
  });

  it.each(CHANGES)(
    "finds a changed %s (%s) and no other difference",
    (field, _, before, after, expected, got) => {
      const { differences } = compareOne(before, after);
      const fields = [expect.objectContaining({ field, expected, got })];
      expect(differences).toEqual([{ path: "/usr/x", kind: "different", fields }]);
    },
  );

  it("finds a different content of the same size", () => {
    const { differences } = compareOne(TOOL, { ...TOOL, content: "loot" });
    expect(differences).toMatchObject([{ path: "/usr/x", fields: [{ field: "content" }] }]);
  });

  it("does not compare the mode of a symbolic link", () => {
    expect(compareOne(LINK, { ...LINK, mode: 0 }).differences).toEqual([]);
  });

  it.each(CHANGES)("ignores a changed %s when told to", (field, _, before, after) => {
    expect(compareOne(before, after, [field]).differences).toEqual([]);
  });

  it("reports each differing attribute separately, except those it is told to ignore", () => {
    const xattrs = new Map([
      [b("user.b"), b("1")],
      [b("security.selinux"), b("2")],
    ]);
    const one = makeTree({ "/x": makeNode(TOOL) });
    const other = makeTree({ "/x": makeNode({ ...TOOL, xattrs }) });
    const ignoreXattr = (name: ByteString): boolean => name.startsWith("security.");
    const { differences } = compareTrees(one, other, { ignoreXattr });
    expect(differences[0]?.fields.map(({ xattr }) => xattr)).toEqual(["user.a", "user.b"]);
  });

  it("reports missing and unexpected paths with everything below them, in path order", () => {
    const file = makeNode(TOOL);
    const { compared, differences } = compareTrees(
      makeTree({ "/a/x": file, "/a-b": file, "/both": file, "/turned/x": file }),
      makeTree({ "/both": file, "/c/d": file, "/turned": file }),
    );
    expect(compared).toBe(9);
    expect(differences.map(formatDifference)).toEqual([
      "/a: missing",
      "/a/x: missing",
      "/a-b: missing",
      "/c: unexpected",
      "/c/d: unexpected",
      expect.stringMatching(/^\/turned: type: expected directory, got file; mode: /),
      "/turned/x: missing",
    ]);
  });

  it("finds hard links that exist on one side only, whichever name comes first", () => {
    const [one, other, third] = [makeNode(TOOL), makeNode(TOOL), makeNode(TOOL)];
    const { differences } = compareTrees(
      makeTree({ "/a": one, "/b": one, "/c": other, "/d": other }),
      makeTree({ "/a": one, "/b": other, "/c": third, "/d": third }),
    );
    expect(differences.map(formatDifference)).toEqual([
      "/a: names: expected /a, /b, got /a",
      "/b: names: expected /a, /b, got /b",
    ]);
  });

  it("reports only the missing path when one of a file's several names is missing", () => {
    const file = makeNode(TOOL);
    const { differences } = compareTrees(
      makeTree({ "/a": file, "/b": file, "/c": file }),
      makeTree({ "/b": file, "/c": file }),
    );
    expect(differences).toEqual([{ path: "/a", kind: "missing", fields: [] }]);
  });

  it("never treats contents as equal when one side has no digest", () => {
    const sparse = { ...TOOL, contentDigest: undefined };
    expect(compareOne(sparse, TOOL)).toMatchObject({ differences: [], undecided: ["/usr/x"] });
    expect(compareOne(TOOL, sparse)).toMatchObject({ differences: [], undecided: ["/usr/x"] });
    expect(compareOne(TOOL, sparse, ["content"]).undecided).toEqual([]);
  });

  it("asks the sameContent callback about a content without a digest", () => {
    const tree = makeTree({ "/x": makeNode({ ...TOOL, contentDigest: undefined }) });
    const compareWith = (answer: boolean | undefined): Comparison =>
      compareTrees(tree, tree, { sameContent: () => answer });
    expect(compareWith(true)).toMatchObject({ differences: [], undecided: [] });
    expect(compareWith(false)).toMatchObject({ differences: [{ path: "/x" }], undecided: [] });
    expect(compareWith(undefined)).toMatchObject({ differences: [], undecided: ["/x"] });
  });

  it("reads no digest when the other side has none, nor for empty files", () => {
    const unasked = {
      get contentDigest(): never {
        throw new Error("asked");
      },
    };
    const lazy = (parts: NodeParts): Node =>
      Object.defineProperties(makeNode(parts), Object.getOwnPropertyDescriptors(unasked));
    const sparse = makeTree({
      "/x": makeNode({ ...TOOL, contentDigest: undefined }),
      "/empty": makeNode(),
    });
    const disk = makeTree({ "/x": lazy(TOOL), "/empty": lazy({}) });
    expect(compareTrees(sparse, disk).undecided).toEqual(["/x"]);
  });

  it("reports its progress, and ends when the progress callback throws", () => {
    const tree = makeTree({ "/x": makeNode() });
    const told: number[] = [];
    compareTrees(tree, tree, { onCompared: (compared) => told.push(compared) });
    expect(told).toEqual([1, 2]);
    const stop = (): never => {
      throw new Error("stop");
    };
    expect(() => compareTrees(tree, tree, { onCompared: stop })).toThrow("stop");
  });

  it("escapes names and values that could control a terminal, and shortens long ones", () => {
    const xattrs = new Map([[b("user.\u001b"), b("v".repeat(1000))]]);
    const { differences } = compareTrees(
      makeTree({ "/\u001b": makeNode() }),
      makeTree({ "/\u001b": makeNode({ xattrs }) }),
    );
    const value = `${"v".repeat(64)}"… (1000 bytes)`;
    expect(formatDifference(differences[0]!)).toBe(
      `/\\x1b: xattrs: expected no user.\\x1b, got user.\\x1b="${value}`,
    );
  });

  it("shows only the first names of a file that has many", () => {
    const file = makeNode();
    const names = Array.from({ length: 10 }, (_, at) => `/${at}`);
    const { differences } = compareTrees(
      makeTree(Object.fromEntries(names.map((name) => [name, file]))),
      makeTree(Object.fromEntries(names.map((name) => [name, makeNode()]))),
    );
    expect(differences).toHaveLength(10);
    expect(differences[0]?.fields[0]).toMatchObject({
      field: "names",
      expected: "/0, /1, /2, /3, /4, /5, /6, /7, … (10 names)",
      got: "/0",
    });
  });

  it("has a test case for every compared field", () => {
    const tested = new Set(CHANGES.map(([field]) => field));
    expect([...tested, "content", "names"].sort()).toEqual([...COMPARED_FIELDS].sort());
  });
});

describe("walking a tree", () => {
  it("yields every path once, in the order of comparePaths", () => {
    const name = fc.stringMatching(/^[ -.0-~\u00ff]{1,3}$/);
    const path = fc
      .array(name, { minLength: 1, maxLength: 3 })
      .map((names) => `/${names.join("/")}`);
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 12 }), (files) => {
        const paths = new Map<ByteString, Node>([[b("/"), makeNode({ type: "directory" })]]);
        for (const file of files.map(fromText)) {
          for (let at = file.indexOf("/", 1); at !== -1; at = file.indexOf("/", at + 1)) {
            paths.set(file.slice(0, at) as ByteString, makeNode({ type: "directory" }));
          }
          if (!paths.has(file)) paths.set(file, makeNode({ type: "directory" }));
        }
        const walked = [...walkFilesystem(treeOf(paths))].map(([walkedPath]) => walkedPath);
        expect(walked).toEqual([...paths.keys()].sort(comparePaths));
      }),
    );
  });
});

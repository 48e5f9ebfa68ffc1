// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeNode, treeOf } from "../../../test/fixtures/trees.ts";
import { b } from "../../../test/fixtures/layers.ts";
import { toBytes, type ByteString } from "../../bytes/byte-string.ts";
import { digestOf } from "../../oci/digest.ts";
import { compareTrees } from "../../rootfs/compare/compare-trees.ts";
import type { Node, NodeType, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { walkFilesystem } from "../../rootfs/walk-filesystem.ts";
import { countTree, createTreeFormatter } from "./format-mtree.ts";
import { openMtree } from "./mtree-file.ts";
import { formatVis, parseVis } from "./vis-encoding.ts";

const NASTY = " \n\t#=\\\"'.,\u0000\u007f\u0080\u00ff\u00e9a[*?";
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(...Array.from(NASTY)),
      fc.nat(255).map((code) => String.fromCharCode(code)),
    ),
    {
      maxLength: 6,
    },
  )
  .map((characters) => characters.join("") as ByteString);
const name = bytes.map(
  (text) => text.replaceAll(/[/\0]/g, "").replace(/^\.{0,2}$/, "x") as ByteString,
);
const id = fc.oneof(fc.nat(5), fc.constant(2 ** 32 - 2));
const map = fc.uniqueArray(fc.tuple(bytes, bytes), { maxLength: 3, selector: ([key]) => key });
const TYPES: readonly NodeType[] = ["file", "directory", "symlink", "character", "block", "fifo"];

const node = fc
  .record({
    type: fc.constantFrom(...TYPES),
    mode: fc.nat(0o7777),
    uid: id,
    gid: id,
    userName: bytes,
    groupName: bytes,
    mtime: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    mtimeNanoseconds: fc.nat(999_999_999),
    size: fc.nat(),
    linkTarget: bytes,
    deviceMajor: fc.nat(4095),
    deviceMinor: fc.nat(2 ** 20 - 1),
    xattrs: map,
    extensions: map,
    hex: fc.option(fc.stringMatching(/^[0-9a-f]{64}$/)),
  })
  .map(({ hex, xattrs, extensions, ...parts }): Node => {
    const isDevice = parts.type === "character" || parts.type === "block";
    const isFile = parts.type === "file";
    return makeNode({
      ...parts,
      size: isFile ? parts.size : 0,
      linkTarget: parts.type === "symlink" ? parts.linkTarget : b(""),
      deviceMajor: isDevice ? parts.deviceMajor : 0,
      deviceMinor: isDevice ? parts.deviceMinor : 0,
      xattrs: sorted(xattrs),
      extensions: sorted(extensions),
      contentDigest: isFile && hex !== null ? digestOf("sha256", hex) : undefined,
    });
  });

function sorted(pairs: readonly [ByteString, ByteString][]): ReadonlyMap<ByteString, ByteString> {
  return new Map([...pairs].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Random contents of a root: some directories with something inside, some files with several names. */
const tree = fc
  .array(fc.tuple(name, node, fc.option(name)), { maxLength: 8 })
  .map((items): RootFilesystem => {
    const paths = new Map([[b("/"), makeNode({ type: "directory" })]]);
    for (const [first, item, second] of items) {
      paths.set(`/${first}` as ByteString, item);
      if (second === null) continue;
      const other = item.type === "directory" ? `/${first}/${second}` : `/${second}`;
      const file = item.type === "directory" ? makeNode() : item;
      if (!paths.has(other as ByteString)) paths.set(other as ByteString, file);
    }
    const withParents = [...paths].filter(([path]) => {
      const parent = path.slice(0, path.lastIndexOf("/")) || "/";
      return path === "/" || paths.get(parent as ByteString)?.type === "directory";
    });
    return treeOf(new Map(withParents));
  });

function format(root: RootFilesystem): string {
  const formatter = createTreeFormatter(countTree(root).names);
  const entries = [...walkFilesystem(root)].map(([path, item]) => formatter.entry(path, item));
  return [formatter.start(), ...entries, formatter.end()].join("");
}

/** Every path with its node, without link counts, which not every tree has. */
function nodesOf(root: RootFilesystem): [ByteString, Node][] {
  return [...walkFilesystem(root)].map(([path, item]) => [path, { ...item, linkCount: undefined }]);
}

const linesOf = (text: string): string[] => text.slice(0, -1).split("\n");
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

function parse(text: string): RootFilesystem {
  const { numberOf, namesIn, node: nodeAt } = openMtree(toBytes(text as ByteString));
  const read = (path: ByteString): Node | undefined => {
    const number = numberOf(path);
    return number === undefined ? undefined : nodeAt(number);
  };
  return { ...treeOf(new Map()), lstat: read, list: (path) => namesIn(numberOf(path)!) };
}

describe("tree.mtree", () => {
  it("gives back every tree that was written to it, whatever names, times, owners and attributes it has", () => {
    fc.assert(
      fc.property(tree, (root) => {
        const text = format(root);
        expect(text).toMatch(/^[\n -~]*$/);
        const read = parse(text);
        expect(compareTrees(root, read, { sameContent: () => true }).differences).toEqual([]);
        expect(nodesOf(read)).toEqual(nodesOf(root));
        expect(format(read)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  const SAMPLE = treeOf(
    new Map([
      [b("/"), makeNode({ type: "directory", mtime: -2, mtimeNanoseconds: 500_000_000 })],
      [b("/a b"), makeNode({ content: "x", xattrs: new Map([[b("user.\u00e9"), b("\0")]]) })],
      [
        b("/null"),
        makeNode({ type: "character", deviceMajor: 1, deviceMinor: 3, userName: b("root") }),
      ],
      [
        b("/to"),
        makeNode({
          type: "symlink",
          linkTarget: b("a=b"),
          extensions: new Map([[b("comment"), b("hi")]]),
        }),
      ],
    ]),
  );

  it("is valid mtree(5), with comments for what mtree has no keyword for", () => {
    expect(linesOf(format(SAMPLE))).toEqual([
      "#mtree v2.0",
      ". type=dir mode=0755 uid=0 gid=0 time=-2.500000000",
      "./a\\040b type=file mode=0644 uid=0 gid=0 size=1 time=1000000000.000000000 sha256digest=2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
      "#xattr.user.\\303\\251=AA==",
      "./null type=char mode=0644 uid=0 gid=0 uname=root time=1000000000.000000000 device=native,1,3",
      "./to type=link mode=0777 uid=0 gid=0 time=1000000000.000000000 link=a\\075b",
      "#pax.comment=aGk=",
      "#end 4",
    ]);
  });

  it("refers to the first name of a file at each other name, and states how many names there are", () => {
    const file = makeNode();
    const root = treeOf(
      new Map([
        [b("/"), makeNode({ type: "directory" })],
        [b("/a"), file],
        [b("/b"), file],
      ]),
    );
    const text = format(root);
    expect(text.match(/ nlink=2/g)).toHaveLength(2);
    expect(text).toContain("\n#link=./a\n");
    const read = parse(text);
    expect(read.lstat(b("/a"))).toBe(read.lstat(b("/b")));
  });

  const GOOD = linesOf(format(SAMPLE));
  it.each<[string, (lines: string[]) => readonly string[]]>([
    ["is empty", () => []],
    ["starts with another signature", (lines) => ["#mtree", ...lines.slice(1)]],
    ["lacks its last line", (lines) => lines.slice(0, -1)],
    ["lacks a line", (lines) => lines.toSpliced(2, 1)],
    ["lacks half a line", (lines) => lines.with(2, lines[2]!.slice(0, 30))],
    ["continues after its last line", (lines) => [...lines, "./x"]],
    ["states another number of entries", (lines) => lines.with(-1, "#end 5")],
    ["has an unknown keyword", (lines) => lines.with(1, `${lines[1]!} flags=none`)],
    [
      "has a keyword that is a property of every object (constructor)",
      (lines) => lines.with(1, `${lines[1]!} constructor=1`),
    ],
    ["has a keyword twice", (lines) => lines.with(1, `${lines[1]!} uid=1`)],
    ["lacks a keyword", (lines) => lines.with(1, lines[1]!.replace(" uid=0", ""))],
    ["has an unknown type", (lines) => lines.with(1, lines[1]!.replace("dir", "door"))],
    ["has a malformed number", (lines) => lines.with(1, lines[1]!.replace("uid=0", "uid=0x1"))],
    [
      "has a number that is too large",
      (lines) => lines.with(1, lines[1]!.replace("uid=0", `uid=${"9".repeat(16)}`)),
    ],
    ["has a malformed mode", (lines) => lines.with(1, lines[1]!.replace("0755", "0855"))],
    ["has a malformed time", (lines) => lines.with(1, lines[1]!.replace(".500000000", ".5"))],
    ["has a malformed device", (lines) => lines.with(4, lines[4]!.replace("native", "bsd"))],
    ["has a malformed digest", (lines) => lines.with(2, lines[2]!.slice(0, -1))],
    ...["./..", "./../null", ".//null", "./null/", "./a/./null", "./", "./nu\\000ll"].map(
      (path): [string, (lines: string[]) => readonly string[]] => [
        `has the path ${path}`,
        (lines) => lines.with(4, lines[4]!.replace("./null", path)),
      ],
    ),
    [
      "has a path that leads outside",
      (lines) => lines.with(4, lines[4]!.replace("./null", "/null")),
    ],
    [
      "has a byte that should be escaped",
      (lines) => lines.with(4, lines[4]!.replace("null", "n\u00fcll")),
    ],
    ["has a malformed escape", (lines) => lines.with(4, lines[4]!.replace("null", "n\\ull"))],
    ["has malformed base64", (lines) => lines.with(3, "#xattr.user.a=A")],
    ["has an attribute without a value", (lines) => lines.with(3, "#xattr.user.a")],
    ["has an attribute twice", (lines) => lines.toSpliced(3, 0, lines[3]!)],
    ["has an unknown comment", (lines) => lines.with(3, "# by hand")],
    ["has a comment before its first entry", (lines) => lines.toSpliced(1, 0, lines[3]!)],
    ["has a hard link to a missing name", (lines) => lines.with(3, "#link=./nothing")],
  ])("is refused when it %s, and the error gives the line number", (_, damage) => {
    expect(() => nodesOf(parse(textOf(damage([...GOOD]))))).toThrow(
      expect.objectContaining({
        code: "invalid-sidecar",
        message: expect.stringMatching(/^line \d+ is not understood: /) as string,
      }),
    );
  });
});

describe("vis(3) escapes", () => {
  it("turn any bytes into one word of printable characters, and back", () => {
    fc.assert(
      fc.property(bytes, (text) => {
        const word = formatVis(text);
        expect(word).toMatch(/^[!-~]*$/);
        expect(word).not.toMatch(/[#=*?[]/);
        expect(parseVis(word)).toBe(text);
      }),
    );
  });

  it.each(["a b", "a\\", "\\9", "\\400", "\\\\134", "\u00e9", "a=b", "#"])(
    "are refused in the malformed word %j",
    (word) => {
      expect(parseVis(word)).toBeUndefined();
    },
  );
});

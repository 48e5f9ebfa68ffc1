// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  directory,
  file,
  hardlink,
  indexTar,
  makeImage,
  makeTar,
  symlink,
  whiteout,
  type Piece,
} from "../../../test/fixtures/layers.ts";
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { makeImageFilesystem, type ImageFilesystem } from "../image-filesystem.ts";
import type { LayerIndex } from "../layer-index/layer-index.ts";
import { describeEntries } from "../look/describe-entries.ts";
import type { Node } from "../root-filesystem.ts";
import { isGrounded } from "./grounded-layer.ts";
import { UndecidedByUpperLayers, viewUpperLayers } from "./upper-layers.ts";

const image = await makeImage([[]]);
const indexOf = (pieces: readonly Piece[]): LayerIndex => indexTar(makeTar(pieces));

describe("a layer is grounded", () => {
  it.each<[string, boolean, readonly Piece[]]>([
    ["with all its directories before what is in them", true, [directory("a"), file("a/b")]],
    ["with files in the root", true, [file("a"), whiteout(".wh.b")]],
    ["without the directory of a file, which may be a link", false, [file("a/b")]],
    ["with that directory behind the file", false, [file("a/b"), directory("a")]],
    [
      "with a directory that it replaces by a link",
      false,
      [directory("a"), symlink("a", "b"), file("a/c")],
    ],
    ["with a whiteout where a lower link may lead elsewhere", false, [whiteout("a/.wh.b")]],
    ["with a whiteout in a directory of its own", true, [whiteout("a/.wh.b"), directory("a")]],
    ["with a hard link to a file of its own", true, [file("a"), hardlink("b", "a")]],
    ["with a hard link to a file of a lower layer", false, [hardlink("b", "a")]],
  ])("%s: %s", (_, grounded, pieces) => {
    expect(isGrounded(indexOf(pieces))).toBe(grounded);
  });
});

const UNDECIDED = Symbol("undecided");

function ask<T>(question: () => T): T | typeof UNDECIDED {
  try {
    return question();
  } catch (error) {
    if (error instanceof UndecidedByUpperLayers) return UNDECIDED;
    throw error;
  }
}

/** One change to a tree, its directories mostly before it. */
const path = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 });
const piece = fc
  .tuple(
    fc.constantFrom("file", "directory", "symlink", "hardlink", "whiteout", "opaque"),
    path,
    path,
    fc.integer({ min: 0, max: 9 }),
  )
  .map(([kind, names, target, chance]): Piece[] => {
    const at = names.join("/");
    const above = names.slice(0, -1).map((_, end) => directory(names.slice(0, end + 1).join("/")));
    const parents = chance === 0 ? [] : above;
    if (kind === "file") return [...parents, file(at)];
    if (kind === "directory") return [...parents, directory(at)];
    if (kind === "symlink") return [...parents, symlink(at, `/${target.join("/")}`)];
    if (kind === "hardlink") return [...parents, file("c", "x"), hardlink(at, "c")];
    if (kind === "opaque") return [...parents, directory(at), whiteout(`${at}/.wh..wh..opq`)];
    return [...parents, whiteout([...names.slice(0, -1), `.wh.${names.at(-1)!}`].join("/"))];
  });
const layer = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.flat());
const NAMES = ["a", "b", "c"];
const PATHS = [
  "/",
  ...NAMES.flatMap((one) => [
    `/${one}`,
    ...NAMES.flatMap((two) => [
      `/${one}/${two}`,
      ...NAMES.map((three) => `/${one}/${two}/${three}`),
    ]),
  ]),
].map(fromText);

/** What a node is, and where it comes from. */
function factsOf(root: ImageFilesystem, path: ByteString, node: Node | undefined): unknown {
  if (node === undefined) return undefined;
  const found = describeEntries(root, [{ path, node }])[0]!;
  return {
    type: found.type,
    layer: found.layer,
    links: found.links,
    entry: root.location(node)?.entry,
  };
}

it("whatever the upper layers decide is as in the whole image, and they do decide things", () => {
  let decided = 0;
  fc.assert(
    fc.property(fc.array(layer, { minLength: 2, maxLength: 4 }), (layers) => {
      const indexes: LayerIndex[] = [];
      let whole: ImageFilesystem;
      try {
        indexes.push(...layers.map((pieces) => indexOf(pieces)));
        whole = makeImageFilesystem(image, indexes);
      } catch {
        return; // a hard link to nothing, or a loop of links
      }
      for (
        let lowest = layers.length - 1;
        lowest > 0 && isGrounded(indexes[lowest]!);
        lowest -= 1
      ) {
        const upper = viewUpperLayers(image, indexes, lowest);
        for (const at of PATHS) {
          const facts = ask(() => factsOf(upper, at, upper.lstat(at)));
          if (facts !== UNDECIDED) expect(facts, at).toEqual(factsOf(whole, at, whole.lstat(at)));
          const isDirectory = whole.lstat(at)?.type === "directory";
          const names = isDirectory ? ask(() => upper.list(at)) : UNDECIDED;
          if (names !== UNDECIDED) expect(names, at).toEqual(whole.list(at));
          if (facts !== UNDECIDED) decided += 1;
        }
      }
    }),
    { numRuns: 400 },
  );
  expect(decided).toBeGreaterThan(1000);
});

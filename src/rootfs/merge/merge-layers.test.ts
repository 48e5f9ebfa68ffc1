// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toBytes } from "../../bytes/byte-string.ts";
import { createLayerParser } from "../../layer/parse/layer-parser.ts";
import {
  directory,
  file,
  hardlink,
  makeTar,
  symlink,
  whiteout,
  type Piece,
} from "../../../test/fixtures/layers.ts";
import { mergeLayers } from "./merge-layers.ts";
import { createLayerIndexer } from "../layer-index/index-builder.ts";
import type { LayerIndex } from "../layer-index/layer-index.ts";
import { walkTree } from "./merged-tree.ts";

function indexPieces(pieces: readonly Piece[]): LayerIndex {
  const indexer = createLayerIndexer();
  const parser = createLayerParser(indexer);
  parser.feed(makeTar(pieces));
  parser.end();
  return indexer.finish();
}

/** One change to a tree, on paths of up to three components. */
type Action = readonly [
  kind: keyof typeof KINDS,
  path: readonly string[],
  target: readonly string[],
];

const KINDS = { file, directory, symlink, hardlink, whiteout, opaque: whiteout };
const path = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 });
const action: fc.Arbitrary<Action> = fc.tuple(
  fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[])),
  path,
  path,
);
const stack = fc.array(fc.array(action, { maxLength: 8 }), { maxLength: 4 });

/** The naive model: a flat map from every path to its type, with one tag for each inode. */
type Model = Map<string, { readonly type: string; readonly tag: string }>;

function removeBelow(model: Model, path: string): void {
  for (const key of [...model.keys()]) if (key.startsWith(`${path}/`)) model.delete(key);
}

function put(model: Model, path: string, type: string, tag: string): void {
  const parts = path.split("/");
  for (let depth = 2; depth < parts.length; depth += 1) {
    const parent = parts.slice(0, depth).join("/");
    if (model.get(parent)?.type !== "directory") model.set(parent, { type: "directory", tag: "" });
  }
  if (type !== "directory") removeBelow(model, path);
  model.set(path, { type, tag });
}

/** Applies a layer's actions to the model, and returns the layer's entries: those of actions that have an effect. */
function applyToModel(model: Model, actions: readonly Action[], layer: number): Piece[] {
  const removed: Piece[] = [];
  for (const [kind, names] of actions) {
    const at = `/${names.join("/")}`;
    if (kind === "opaque") removed.push(whiteout(`${at.slice(1)}/.wh..wh..opq`));
    else if (kind === "whiteout") {
      removed.push(whiteout([...names.slice(0, -1), `.wh.${names.at(-1)!}`].join("/")));
    } else continue;
    removeBelow(model, at);
    if (kind === "whiteout") model.delete(at);
  }
  const pieces: Piece[] = [];
  for (const [number, [kind, names, target]] of actions.entries()) {
    const at = `/${names.join("/")}`;
    const tag = `${layer}.${number}`;
    // No paths through links here: merged-tree.test.ts tests those.
    const isBehindLink = names.some((_, depth) => {
      const parent = `/${names.slice(0, depth).join("/")}`;
      return model.get(parent)?.type === "symlink";
    });
    if (isBehindLink || kind === "whiteout" || kind === "opaque") continue;
    const linked = model.get(`/${target.join("/")}`);
    if (kind === "hardlink") {
      const isBelow = `${target.join("/")}/`.startsWith(`${names.join("/")}/`);
      if (linked === undefined || linked.type === "directory" || isBelow) continue;
      if (names.some((_, depth) => names.slice(0, depth).join("/") === target.join("/"))) continue;
      put(model, at, linked.type, linked.tag);
      pieces.push(hardlink(at, `/${target.join("/")}`));
    } else {
      put(model, at, kind, tag);
      if (kind === "file") pieces.push(file(at, tag, { mtime: layer * 100 + number }));
      else if (kind === "directory") pieces.push(directory(at, { mtime: layer * 100 + number }));
      else pieces.push(symlink(at, tag, { mtime: layer * 100 + number }));
    }
  }
  return [...removed, ...pieces];
}

describe("a stack of layers", () => {
  it("merges to what a naive model says, wherever the whiteouts are in a layer", () => {
    fc.assert(
      fc.property(stack, fc.boolean(), (layers, whiteoutsLast) => {
        const model: Model = new Map();
        const indexes = layers.map((actions, number) => {
          const pieces = applyToModel(model, actions, number);
          const isRemoval = ({ entry }: Piece): boolean => entry.path.includes(".wh.");
          const ordered = whiteoutsLast
            ? [...pieces.filter((p) => !isRemoval(p)), ...pieces.filter(isRemoval)]
            : pieces;
          return indexPieces(ordered);
        });
        const merged = new Map(
          [...walkTree(mergeLayers(indexes))].slice(1).map(([at, node]) => {
            const isImplied = node.type === "directory" && node.mtime === 0;
            const tag = `${Math.floor(node.mtime / 100)}.${node.mtime % 100}`;
            return [at, { type: node.type, tag: isImplied ? "" : tag }];
          }),
        );
        const expected = new Map(
          [...model].map(([at, { type, tag }]) => {
            return [at, { type, tag: type === "directory" && tag === "0.0" ? "" : tag }];
          }),
        );
        expect(merged).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("needs one index for each layer, whatever layers are above or below it", () => {
    const lower = indexPieces([file("a/x")]);
    const upper = indexPieces([whiteout("a/.wh.x"), file("b")]);
    const paths = (...indexes: LayerIndex[]): string[] =>
      [...walkTree(mergeLayers(indexes))].map(([at]) => at);
    expect(paths(lower, upper)).toEqual(["/", "/a", "/b"]);
    expect(paths(upper, lower)).toEqual(["/", "/a", "/a/x", "/b"]);
    expect(paths(lower, upper, lower)).toEqual(["/", "/a", "/a/x", "/b"]);
  });

  it("keeps names that are not UTF-8", () => {
    const name = "caf\u00e9\u00ff\u0080" as ReturnType<typeof file>["entry"]["path"];
    const piece = file("x");
    const index = indexPieces([{ ...piece, entry: { ...piece.entry, path: name } }]);
    const [, [at] = []] = [...walkTree(mergeLayers([index]))];
    expect(toBytes(at!)).toEqual(new Uint8Array([0x2f, 0x63, 0x61, 0x66, 0xe9, 0xff, 0x80]));
  });
});

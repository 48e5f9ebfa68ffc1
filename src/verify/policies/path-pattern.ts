// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { compileGlob } from "../../rootfs/glob.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";

/** Whether a path of a walk is meant. */
export type PathTest = (path: ByteString) => boolean;

/**
 * The paths without links that a pattern means: links in its leading plain components are followed inside the
 * root, a link that is itself the match is not.
 * @throws OciError `invalid-argument` for a pattern that can't be read
 */
export function matcherOf(root: RootFilesystem, pattern: string): PathTest {
  const tests = compileGlob(fromText(pattern)).map((glob): PathTest => {
    const { path: place } = tracePath(root, glob.prefix, { followLast: !glob.literal });
    if (glob.literal) return (path) => path === place;
    const above = place === "/" ? "/" : `${place}/`;
    const cut = place === "/" ? 0 : place.length;
    return (path) =>
      path.startsWith(above) && glob.matches(`${glob.prefix}${path.slice(cut)}` as ByteString);
  });
  return anyOf(tests);
}

/** As {@link matcherOf}, for several patterns. */
export function matcherOfAll(root: RootFilesystem, patterns: readonly string[]): PathTest {
  return anyOf(patterns.map((pattern) => matcherOf(root, pattern)));
}

function anyOf(tests: readonly PathTest[]): PathTest {
  const [only] = tests;
  return tests.length === 1 ? only! : (path) => tests.some((test) => test(path));
}

/** A tree of a root. */
export interface Tree {
  /** As the policy names it. */
  readonly path: ByteString;
  /** Without links. Where it is not there, the path that could not be found. */
  readonly place: ByteString;
  readonly isThere: boolean;
  /** Whether a path is the tree's top or below it. */
  readonly holds: PathTest;
}

/** The tree at a path, links followed. */
export function treeAt(root: RootFilesystem, text: string): Tree {
  const path = fromText(text);
  const { path: place, node } = tracePath(root, path);
  const above = place === "/" ? "/" : `${place}/`;
  const holds: PathTest = (other) => other === place || other.startsWith(above);
  return { path, place, isThere: node !== undefined, holds };
}

/** Whether a path is in one of some trees; everywhere when none are named. */
export function within(root: RootFilesystem, trees: readonly string[] | undefined): PathTest {
  if (trees === undefined) return () => true;
  const found = trees.map((tree) => treeAt(root, tree));
  return (path) => found.some(({ holds }) => holds(path));
}

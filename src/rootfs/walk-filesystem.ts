// SPDX-License-Identifier: MIT
import { compareByteStrings, type ByteString } from "../bytes/byte-string.ts";
import type { Node, RootFilesystem } from "./root-filesystem.ts";

/**
 * Orders paths as {@link walkFilesystem} yields them: parents before children, names by their bytes.
 * (Comparing whole paths by bytes would put `/a-b` between `/a` and `/a/b`.)
 */
export function comparePaths(a: ByteString, b: ByteString): number {
  return compareByteStrings(orderOf(a), orderOf(b));
}

// Turns slashes into zero bytes: no name holds one, and no other byte sorts before it.
function orderOf(path: ByteString): ByteString {
  return path.replaceAll("/", "\0") as ByteString;
}

const ROOT = "/" as ByteString;

/**
 * Every path of a root filesystem with its node: the root first, parents before children, the names in a
 * directory sorted by bytes. A name that vanished before the walk reaches it is left out.
 * @throws what the filesystem throws; `not-found` for a directory that vanishes between its `lstat` and `list`
 */
export function walkFilesystem<Kind extends Node>(
  root: FilesystemOf<Kind>,
): Generator<[ByteString, Kind]> {
  return walkBelow(root, ROOT);
}

/** As {@link walkFilesystem}, but only a path and what is below it. Links are not followed. */
export function* walkBelow<Kind extends Node>(
  root: FilesystemOf<Kind>,
  start: ByteString,
): Generator<[ByteString, Kind]> {
  for (const [path, node] of pairTrees(root, undefined, start)) {
    if (node !== undefined) yield [path, node];
  }
}

/** A path, and its node in each of two filesystems. */
export type PathPair<One extends Node = Node, Other extends Node = Node> = [
  path: ByteString,
  one: One | undefined,
  other: Other | undefined,
];

/** A root filesystem whose nodes have a more specific type. */
export type FilesystemOf<Kind extends Node> = Omit<RootFilesystem, "lstat"> & {
  lstat(path: ByteString): Kind | undefined;
};

/**
 * Every path that exists in at least one of two root filesystems, in the order of {@link comparePaths}: from
 * `start` down, which is the root by default.
 * Below a directory that only one of them has, only that one is queried.
 * @throws what the two filesystems throw
 */
export function* pairTrees<One extends Node, Other extends Node>(
  one: FilesystemOf<One>,
  other: FilesystemOf<Other> | undefined,
  start: ByteString = ROOT,
): Generator<PathPair<One, Other>> {
  const pending: PathPair<One, Other>[] = [[start, one.lstat(start), other?.lstat(start)]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield next;
    const [path, here, there] = next;
    const names = uniteNames(listOf(one, path, here), listOf(other, path, there));
    const prefix = path === "/" ? "/" : `${path}/`;
    // Looks at all children at once, while the walk of a disk has their directory open.
    const children = names.map(([name, inOne, inOther]): PathPair<One, Other> => {
      const child = `${prefix}${name}` as ByteString;
      return [
        child,
        inOne ? one.lstat(child) : undefined,
        inOther ? other?.lstat(child) : undefined,
      ];
    });
    for (const child of children.reverse()) {
      if (child[1] !== undefined || child[2] !== undefined) pending.push(child);
    }
  }
}

const NONE: readonly ByteString[] = [];

function listOf(
  root: FilesystemOf<Node> | undefined,
  path: ByteString,
  node: Node | undefined,
): readonly ByteString[] {
  return root !== undefined && node?.type === "directory" ? root.list(path) : NONE;
}

/** A name, and which of two lists have it. */
export type NamePresence = [name: ByteString, inOne: boolean, inOther: boolean];

/** Merges two sorted lists of names, and marks which list each name is from. */
export function uniteNames(
  one: readonly ByteString[],
  other: readonly ByteString[],
): NamePresence[] {
  const united: NamePresence[] = [];
  let at = 0;
  for (const name of one) {
    while (at < other.length && other[at]! < name) united.push([other[at++]!, false, true]);
    const isInBoth = other[at] === name;
    if (isInBoth) at += 1;
    united.push([name, true, isInBoth]);
  }
  while (at < other.length) united.push([other[at++]!, false, true]);
  return united;
}

// SPDX-License-Identifier: MIT
import { compareByteStrings, type ByteString } from "../bytes/byte-string.ts";
import type { Node, RootFilesystem } from "./root-filesystem.ts";

/**
 * Orders paths as {@link walkFilesystem} gives them: parents before children, names by their bytes. (The
 * bytes of whole paths would put `/a-b` before `/a/b`, though not before `/a`.)
 */
export function comparePaths(a: ByteString, b: ByteString): number {
  return compareByteStrings(orderOf(a), orderOf(b));
}

// No name holds a zero byte, and no byte comes before it.
function orderOf(path: ByteString): ByteString {
  return path.replaceAll("/", "\0") as ByteString;
}

/**
 * Every path of a root filesystem with its node: the root first, parents before children, the names of a
 * directory in order of their bytes. What is no longer there when it is come to is left out.
 * @throws what the filesystem throws; `not-found` for a directory that went away between two questions
 */
export function* walkFilesystem<Kind extends Node>(
  root: FilesystemOf<Kind>,
): Generator<[ByteString, Kind]> {
  for (const [path, node] of pairTrees(root, undefined)) if (node !== undefined) yield [path, node];
}

/** A path, and what is there in one and in the other of two filesystems. */
export type PathPair<One extends Node = Node, Other extends Node = Node> = [
  path: ByteString,
  one: One | undefined,
  other: Other | undefined,
];

/** A root filesystem whose nodes are of a kind. */
export type FilesystemOf<Kind extends Node> = Omit<RootFilesystem, "lstat"> & {
  lstat(path: ByteString): Kind | undefined;
};

/**
 * Every path that is in at least one of two root filesystems, in the order of {@link comparePaths}. Below
 * a path that is a directory in only one of them only that one is asked.
 * @throws what the two throw
 */
export function* pairTrees<One extends Node, Other extends Node>(
  one: FilesystemOf<One>,
  other: FilesystemOf<Other> | undefined,
): Generator<PathPair<One, Other>> {
  const root = "/" as ByteString;
  const pending: PathPair<One, Other>[] = [[root, one.lstat(root), other?.lstat(root)]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield next;
    const [path, here, there] = next;
    const names = unite(listOf(one, path, here), listOf(other, path, there));
    const prefix = path === "/" ? "/" : `${path}/`;
    // All of a directory is looked at while it is at hand: the walk of a disk keeps it open.
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

type NamePresence = [name: ByteString, inOne: boolean, inOther: boolean];

/** Two sorted lists of names as one, with where each name is from. */
function unite(one: readonly ByteString[], other: readonly ByteString[]): NamePresence[] {
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

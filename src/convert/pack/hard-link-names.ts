// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Difference } from "../../rootfs/compare/compare-trees.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { comparePaths, type PathPair } from "../../rootfs/walk-filesystem.ts";

/** Pairs of paths that remember, as they go by, which names belong to the same file of the second tree. */
export interface NamingPairs extends Iterable<PathPair> {
  /** The names so far of a file that has several. */
  namesOf(node: Node): readonly ByteString[] | undefined;
}

/** Remembers the names in these pairs. To be gone through once. */
export function watchNames(pairs: Iterable<PathPair>): NamingPairs {
  const firsts = new Map<Node, ByteString>();
  const groups = new Map<Node, ByteString[]>();
  const add = (path: ByteString, node: Node | undefined): void => {
    if (node === undefined || node.type === "directory" || node.linkCount === 1) return;
    const first = firsts.get(node);
    const group = groups.get(node);
    if (first === undefined) firsts.set(node, path);
    else if (group === undefined) groups.set(node, [first, path]);
    else group.push(path);
  };
  return {
    *[Symbol.iterator]() {
      for (const pair of pairs) {
        add(pair[0], pair[2]);
        yield pair;
      }
    },
    namesOf: (node) => groups.get(node),
  };
}

/**
 * Adds to the differences, where a name of a file is one, all other names of that file: a name may be new, or have been
 * another file or a directory. A hard link from a layer to a file of a lower layer would on some systems become a
 * separate file, so all names are written.
 */
export function withOtherNames(
  differences: readonly Difference[],
  root: RootFilesystem,
  names: NamingPairs,
): readonly Difference[] {
  const known = new Set(differences.map(({ path }) => path));
  const more: Difference[] = [];
  for (const { path } of differences) {
    const node = root.lstat(path);
    for (const name of (node && names.namesOf(node)) ?? []) {
      if (known.has(name)) continue;
      known.add(name);
      more.push({ path: name, kind: "different", fields: [] });
    }
  }
  return inOrder(differences, more);
}

/** Merges two lists of differences in walk order. */
export function inOrder(
  differences: readonly Difference[],
  more: readonly Difference[],
): readonly Difference[] {
  if (more.length === 0) return differences;
  return [...differences, ...more].sort((a, b) => comparePaths(a.path, b.path));
}

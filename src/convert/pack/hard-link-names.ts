// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Difference } from "../../rootfs/compare/compare-trees.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { comparePaths } from "../../rootfs/walk-filesystem.ts";

/** A root filesystem that remembers which of the requested names belong to the same file. */
export interface NamingFilesystem extends RootFilesystem {
  /** The names requested so far of a file that has several. */
  namesOf(node: Node): readonly ByteString[] | undefined;
}

/** Records the names that are requested. Request each path only once. */
export function watchNames(root: RootFilesystem): NamingFilesystem {
  const firsts = new Map<Node, ByteString>();
  const groups = new Map<Node, ByteString[]>();
  return {
    ...root,
    lstat(path) {
      const node = root.lstat(path);
      if (node === undefined || node.type === "directory" || node.linkCount === 1) return node;
      const first = firsts.get(node);
      const group = groups.get(node);
      if (first === undefined) firsts.set(node, path);
      else if (group === undefined) groups.set(node, [first, path]);
      else group.push(path);
      return node;
    },
    namesOf: (node) => groups.get(node),
  };
}

/**
 * Adds to the differences, where a file has a new name, all other names of that file. A hard link from a
 * layer to a file of a lower layer would on some systems become a separate file, so all names are written.
 */
export function withOtherNames(
  differences: readonly Difference[],
  root: RootFilesystem,
  names: NamingFilesystem,
): readonly Difference[] {
  const known = new Set(differences.map(({ path }) => path));
  const more: Difference[] = [];
  for (const { path, kind } of differences) {
    const node = kind === "unexpected" ? root.lstat(path) : undefined;
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

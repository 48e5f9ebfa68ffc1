// SPDX-License-Identifier: MIT
import { compareByteStrings, type ByteString } from "../../bytes/byte-string.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";

/** One inode with all its names, sorted by their bytes: they can only be in one layer. */
export interface FileUnit {
  readonly node: Node;
  readonly paths: readonly ByteString[];
}

/** What a tar needs for an entry besides its content. */
export const HEADER = 512;

/** Every inode of a tree, parents before children; a file with several names is where its first name is on the walk. */
export function listUnits(root: ImageFilesystem): readonly FileUnit[] {
  const units: FileUnit[] = [];
  const linked = new Map<Node, ByteString[]>();
  for (const [path, node] of root.paths()) {
    const known = linked.get(node);
    if (known !== undefined) {
      known.push(path);
      continue;
    }
    const paths = [path];
    if (node.type !== "directory" && node.linkCount !== 1) linked.set(node, paths);
    units.push({ node, paths });
  }
  for (const paths of linked.values()) if (paths.length > 1) paths.sort(compareByteStrings);
  return units;
}

/** Bytes of a tar for a file with its names. Directories do not count: each layer repeats those it needs. */
export function unitBytes({ node, paths }: FileUnit): number {
  return node.type === "directory" ? 0 : node.size + HEADER * paths.length;
}

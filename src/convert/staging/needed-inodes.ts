// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { createContentPlanner, type ContentPlan } from "../../rootfs/contents/content-plan.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";

/** The inodes of a tree that must be made, each once, however many names it has. */
export interface NeededInodes {
  /** Files whose contents have to be read. */
  readonly contents: ContentPlan<Node>;
  /** Symbolic links, fifos and devices, with the first path of each. */
  readonly special: readonly (readonly [ByteString, Node])[];
  /** How many names an inode gets. Inodes that are not listed get one. */
  readonly names: ReadonlyMap<Node, number>;
}

/** Finds the inodes that must be made for the paths selected by `isMade`. */
export function findNeeded(
  tree: ImageFilesystem,
  isMade: (path: ByteString) => boolean,
): NeededInodes {
  const planner = createContentPlanner<Node>();
  const special: [ByteString, Node][] = [];
  const names = new Map<Node, number>();
  for (const [path, node] of tree.paths()) {
    if (node.type === "directory" || !isMade(path)) continue;
    if (node.linkCount !== 1) {
      const count = names.get(node) ?? 0;
      names.set(node, count + 1);
      if (count > 0) continue;
    }
    if (node.type === "file") planner.add(tree.location(node)!, node, node.size);
    else special.push([path, node]);
  }
  return { contents: planner.plan(), special, names };
}

/** The contents of a tree with the paths of each, the first path first. */
export function planPaths(tree: ImageFilesystem): ContentPlan<ByteString> {
  const planner = createContentPlanner<ByteString>();
  for (const [path, node] of tree.paths()) {
    const location = node.type === "file" ? tree.location(node) : undefined;
    if (location !== undefined) planner.add(location, path, node.size);
  }
  return planner.plan();
}

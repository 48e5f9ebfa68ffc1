// SPDX-License-Identifier: MIT
import { compareByteStrings, type ByteString } from "../../bytes/byte-string.ts";
import { createContentPlanner, type ContentPlan } from "../contents/content-plan.ts";
import type { ImageFilesystem } from "../image-filesystem.ts";
import type { Node } from "../root-filesystem.ts";

/** One inode of a merged tree with all its names, sorted by their bytes. */
export interface ExportedNode {
  readonly node: Node;
  readonly paths: ByteString[];
}

/** What to export of a merged tree, in the order in which its layers hold it. */
export interface ExportPlan {
  readonly contents: ContentPlan<ExportedNode>;
  /** Directories that no layer names, without the root, sorted by path. */
  readonly implied: readonly ByteString[];
}

/** Determines which entry of which layer each node of a merged tree came from. Reads nothing. */
export function planExport(filesystem: ImageFilesystem): ExportPlan {
  const known = new Map<Node, ExportedNode>();
  const planner = createContentPlanner<ExportedNode>();
  const implied: ByteString[] = [];
  for (const [path, node] of filesystem.paths()) {
    const other = known.get(node);
    if (other !== undefined) {
      other.paths.push(path);
      continue;
    }
    const location = filesystem.location(node);
    if (location === undefined) {
      if (path !== "/") implied.push(path);
      continue;
    }
    const exported: ExportedNode = { node, paths: [path] };
    if (node.type !== "directory") known.set(node, exported);
    planner.add(location, exported, node.size);
  }
  for (const { paths } of known.values()) if (paths.length > 1) paths.sort(compareByteStrings);
  return { contents: planner.plan(), implied };
}

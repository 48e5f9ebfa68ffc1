// SPDX-License-Identifier: MIT
import { compareByteStrings, type ByteString } from "../../bytes/byte-string.ts";
import type { ImageFilesystem } from "../image-filesystem.ts";
import type { Node } from "../root-filesystem.ts";

/** One inode of a merged tree with all its names, the first one in order of their bytes first. */
export interface ExportedNode {
  readonly node: Node;
  readonly paths: ByteString[];
}

/** What a layer holds of a merged tree. */
export interface ExportedLayer {
  readonly layer: number;
  /** By the number of the entry in the layer, in that order. */
  readonly nodes: ReadonlyMap<number, ExportedNode>;
  /** Whether a content is among them, so that the layer has to be read. */
  readonly hasContent: boolean;
}

/** A merged tree in the order in which its layers hold it. */
export interface ExportPlan {
  /** The layers that hold something of the tree, the lowest first. */
  readonly layers: readonly ExportedLayer[];
  /** Directories that no layer names, the root left out, in order of their paths. */
  readonly implied: readonly ByteString[];
}

/** Finds out which entry of which layer each node of a merged tree came from. Nothing is read. */
export function planExport(filesystem: ImageFilesystem): ExportPlan {
  const known = new Map<Node, ExportedNode>();
  const layers = new Map<number, [entry: number, node: ExportedNode][]>();
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
    const nodes = layers.get(location.layer);
    if (nodes === undefined) layers.set(location.layer, [[location.entry, exported]]);
    else nodes.push([location.entry, exported]);
  }
  for (const { paths } of known.values()) if (paths.length > 1) paths.sort(compareByteStrings);
  return {
    layers: [...layers].sort(([a], [b]) => a - b).map(([layer, nodes]) => inOrder(layer, nodes)),
    implied,
  };
}

function inOrder(layer: number, nodes: [entry: number, node: ExportedNode][]): ExportedLayer {
  nodes.sort(([a], [b]) => a - b);
  return {
    layer,
    nodes: new Map(nodes),
    hasContent: nodes.some(([, { node }]) => node.size > 0),
  };
}

// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { ContentLocation } from "../contents/content-plan.ts";
import type { Node, NodeType, RootFilesystem } from "../root-filesystem.ts";
import { walkFilesystem } from "../walk-filesystem.ts";
import type { FoundPath } from "./look-up.ts";

/** The type of an entry: that of its node, or a whiteout, which only a layer looked at alone has. */
export type EntryType = NodeType | "whiteout";

/** A path, what is there, and what can only be known from the whole tree. */
export interface EntryDescription extends FoundPath {
  readonly type: EntryType;
  /** How many names it has in this tree; for a directory 2 and one more for each directory in it, as on most disks. */
  readonly links: number;
  /** The number of the layer that it comes from, from 0, the lowest. Undefined in a plain directory, and for a directory that no layer names. */
  readonly layer: number | undefined;
  /** For a whiteout, in a layer looked at alone: what it removes, as `LayerFilesystem.removedBy`. */
  readonly removes: ByteString | undefined;
}

/** A filesystem that may know where its nodes come from, as those of images and layers do. */
export type DescribedFilesystem = RootFilesystem & {
  readonly location?: (node: Node) => ContentLocation | undefined;
  readonly removedBy?: (node: Node) => ByteString | undefined;
  /** Every path with its node; at least those of files. */
  readonly paths?: () => Iterable<[ByteString, Node]>;
  /** Whether only the upper layers of an image are there: what they do not decide throws. */
  readonly isPartial?: true;
};

/** The type of a node of this filesystem. */
export function typeOfNode({ removedBy }: DescribedFilesystem, node: Node): EntryType {
  return removedBy?.(node) === undefined ? node.type : "whiteout";
}

/**
 * Describes entries of a filesystem. `links` is counted when it is first asked for; where a node does not say
 * how many names it has, the whole tree is then gone through, once for all entries.
 * @throws what the filesystem throws, also from `links`
 */
export function describeEntries(
  root: DescribedFilesystem,
  entries: Iterable<FoundPath>,
): EntryDescription[] {
  let names: ReadonlyMap<Node, number> | undefined;
  const countLinks = (path: ByteString, node: Node): number => {
    if (node.type === "directory") return 2 + countDirectories(root, path);
    if (node.linkCount !== undefined) return node.linkCount;
    names ??= countNames(root);
    return names.get(node) ?? 1;
  };
  const described = Array.from(entries, ({ path, node }): EntryDescription => ({
    path,
    node,
    type: typeOfNode(root, node),
    get links() {
      return countLinks(path, node);
    },
    layer: root.location?.(node)?.layer,
    removes: root.removedBy?.(node),
  }));
  // Here it shows whether the upper layers are enough, and not later.
  if (root.isPartial === true) for (const entry of described) countLinks(entry.path, entry.node);
  return described;
}

/** The names of each file that has several, or may have. */
function countNames(root: DescribedFilesystem): ReadonlyMap<Node, number> {
  const names = new Map<Node, number>();
  for (const [, node] of root.paths?.() ?? walkFilesystem(root)) {
    if (node.type === "directory" || node.linkCount !== undefined) continue;
    names.set(node, (names.get(node) ?? 0) + 1);
  }
  return names;
}

function countDirectories(root: RootFilesystem, path: ByteString): number {
  const prefix = path === "/" ? "/" : `${path}/`;
  const isDirectory = (name: ByteString): boolean =>
    root.lstat(`${prefix}${name}` as ByteString)?.type === "directory";
  return root.list(path).filter(isDirectory).length;
}

// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { parentOf } from "../../layer/path-parts.ts";
import type { ComparedField } from "../../rootfs/compare/compare-nodes.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { PresentComparison } from "./present-tree.ts";
import type { UnpackCounts, UnpackPlan } from "./unpack-options.ts";

/** `make`: the inode at the path is made and put there. `touch`: only its metadata is set. */
export type Action = "make" | "touch";

/** What has to be done to turn a directory into a tree. */
export interface TreeChanges {
  /** Undefined if the path is left as it is. */
  action(path: ByteString): Action | undefined;
  /** Whether the inode at the path is made. */
  readonly isMade: (path: ByteString) => boolean;
  /** What must be removed, parents first; no obstacle is below another. */
  readonly obstacles: readonly ByteString[];
  readonly counts: UnpackCounts;
  /** The number of paths in the tree, including the root. */
  readonly paths: number;
  /** The paths in a form for people to read. */
  list(): UnpackPlan;
}

/** Fields that no system call can change on an existing inode: a difference means making it anew. */
const OF_THE_INODE: ReadonlySet<ComparedField> = new Set<ComparedField>([
  "type",
  "link",
  "device",
  "size",
  "content",
  "names",
]);

/** The plan for an empty directory. */
export function planAll(tree: ImageFilesystem): TreeChanges {
  let written = 0;
  for (const [path] of tree.paths()) if (path !== "/") written += 1;
  return {
    action: (path) => (path === "/" ? "touch" : "make"),
    isMade: (path) => path !== "/",
    obstacles: [],
    counts: { written, changed: 0, kept: 0, removed: 0 },
    paths: written + 1,
    list: () => {
      const paths = [...tree.paths()].map(([path]) => path);
      return { written: paths.slice(1), changed: [], removed: [] };
    },
  };
}

/**
 * The plan for a directory that was compared with the tree. If a file has to be made anew, so are all its
 * names. A directory in which names are added or removed gets its metadata again, because that changes its
 * time.
 */
export function planDifferences(tree: ImageFilesystem, comparison: PresentComparison): TreeChanges {
  const actions = new Map<ByteString, Action>();
  const present = new Set<ByteString>();
  const removed: ByteString[] = [];
  for (const { path, kind, fields } of comparison.differences) {
    if (kind === "unexpected") removed.push(path);
    else if (kind === "missing") actions.set(path, "make");
    else {
      present.add(path);
      actions.set(path, fields.some(({ field }) => OF_THE_INODE.has(field)) ? "make" : "touch");
    }
  }
  for (const path of comparison.undecided) {
    present.add(path);
    actions.set(path, "make");
  }
  remakeAllNames(tree, actions, present);
  const written: ByteString[] = [];
  const changed: ByteString[] = [];
  let paths = 0;
  for (const [path] of tree.paths()) {
    paths += 1;
    const action = actions.get(path);
    if (action !== undefined) (present.has(path) ? changed : written).push(path);
  }
  const replaced = changed.filter((path) => actions.get(path) === "make");
  const obstacles = topmost(removed, replaced);
  touchParents(actions, [...obstacles, ...written]);
  const kept = paths - written.length - changed.length;
  return {
    action: (path) => actions.get(path),
    isMade: (path) => actions.get(path) === "make",
    obstacles,
    counts: { written: written.length, changed: changed.length, kept, removed: removed.length },
    paths,
    list: () => ({ written, changed, removed }),
  };
}

function remakeAllNames(
  tree: ImageFilesystem,
  actions: Map<ByteString, Action>,
  present: Set<ByteString>,
): void {
  const remade = new Set<Node>();
  for (const [path, action] of actions) {
    const node = action === "make" ? tree.lstat(path) : undefined;
    if (node !== undefined && node.type !== "directory") remade.add(node);
  }
  if (remade.size === 0) return;
  for (const [path, node] of tree.paths()) {
    if (!remade.has(node) || actions.get(path) === "make") continue;
    present.add(path);
    actions.set(path, "make");
  }
}

/** All paths of both lists that are not below another of them. In each list, parents come before children. */
function topmost(
  removed: readonly ByteString[],
  replaced: readonly ByteString[],
): readonly ByteString[] {
  const gone = new Set<ByteString>([...removed, ...replaced]);
  return [...gone].filter((path) => !gone.has(parentOf(path)));
}

/**
 * Marks the parents of removed paths. Only the direct parent needs a look: what is below a removed
 * directory is gone too.
 */
function touchParents(actions: Map<ByteString, Action>, paths: readonly ByteString[]): void {
  for (const path of paths) {
    const parent = parentOf(path);
    if (!actions.has(parent)) actions.set(parent, "touch");
  }
}

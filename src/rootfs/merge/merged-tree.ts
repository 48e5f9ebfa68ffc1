// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { makeImpliedDirectory } from "../blank-node.ts";
import type { Node } from "../root-filesystem.ts";

/** A directory of a merged tree: its own metadata, and what is in it. */
export class TreeDirectory {
  node: Node;
  /** The root is its own parent, as `..` has it. */
  readonly parent: TreeDirectory;
  readonly children = new Map<ByteString, TreeItem>();

  constructor(node: Node, parent?: TreeDirectory) {
    this.node = node;
    this.parent = parent ?? this;
  }
}

/** What a name in a directory stands for: a directory, or the node of anything else. */
export type TreeItem = TreeDirectory | Node;

/** How a directory is looked for. */
export interface WalkOptions {
  /** Makes what is missing on the way, and puts a directory in place of what is none, as extracting would. */
  readonly create: boolean;
  /** Symbolic links followed at most. */
  readonly linkHops: number;
  /** Told the target of each link that is followed; what it throws ends the walk. */
  readonly onFollow?: ((target: ByteString) => void) | undefined;
}

/**
 * The directory that names lead to from another, links followed inside the root; undefined when there is
 * none and none is to be made. A `..` after what is not there takes it back, as umoci has it, where a
 * kernel would fail.
 * @throws OciError `link-loop`
 */
export function walkDirectories(
  start: TreeDirectory,
  names: readonly ByteString[],
  { create, linkHops, onFollow }: WalkOptions,
): TreeDirectory | undefined {
  const pending = [...names].reverse();
  /** What comes after `directory` and is no directory yet. */
  const missing: ByteString[] = [];
  let directory = start;
  let hops = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (missing.pop() === undefined) directory = directory.parent;
      continue;
    }
    const child = missing.length === 0 ? directory.children.get(name) : undefined;
    if (child instanceof TreeDirectory) {
      directory = child;
    } else if (child?.type === "symlink") {
      hops += 1;
      if (hops > linkHops) throw linkLoop(name, linkHops);
      onFollow?.(child.linkTarget);
      const target = child.linkTarget.split("/") as ByteString[];
      if (child.linkTarget.startsWith("/")) directory = rootOf(directory);
      for (let at = target.length - 1; at >= 0; at -= 1) pending.push(target[at]!);
    } else {
      missing.push(name);
    }
  }
  if (missing.length === 0) return directory;
  return create ? makeDirectories(directory, missing) : undefined;
}

/** Makes one directory in the other, each in place of whatever else has its name. */
function makeDirectories(start: TreeDirectory, names: readonly ByteString[]): TreeDirectory {
  let directory = start;
  for (const name of names) {
    const made = new TreeDirectory(makeImpliedDirectory(), directory);
    directory.children.set(name, made);
    directory = made;
  }
  return directory;
}

function rootOf(directory: TreeDirectory): TreeDirectory {
  let root = directory;
  while (root.parent !== root) root = root.parent;
  return root;
}

function linkLoop(name: ByteString, linkHops: number): OciError {
  return new OciError(
    "link-loop",
    `directory "${toText(name)}": expected at most ${linkHops} symbolic links on the way, got more`,
    { details: { name } },
  );
}

/** What a normalised path stands for, no link followed. */
export function findItem(root: TreeDirectory, path: ByteString): TreeItem | undefined {
  let item: TreeItem | undefined = root;
  if (path === "/") return item;
  for (const name of path.slice(1).split("/") as ByteString[]) {
    if (!(item instanceof TreeDirectory)) return undefined;
    item = item.children.get(name);
  }
  return item;
}

/**
 * {@link findItem} for who asks in the order of a walk: it starts from the directory that was come to
 * last where that is on the way, so that a deep tree is not gone through from its root for every path.
 * The tree must not change meanwhile.
 */
export function createItemFinder(root: TreeDirectory): (path: ByteString) => TreeItem | undefined {
  let last = { path: "" as ByteString, directory: root };
  return (path) => {
    if (path === "/") return root;
    if (path === last.path) return last.directory;
    const isBelow = path[last.path.length] === "/" && path.startsWith(last.path);
    let { directory } = isBelow ? last : { directory: root };
    let start = isBelow ? last.path.length + 1 : 1;
    for (let end = path.indexOf("/", start); end >= 0; end = path.indexOf("/", start)) {
      const child = directory.children.get(path.slice(start, end) as ByteString);
      if (!(child instanceof TreeDirectory)) return undefined;
      directory = child;
      start = end + 1;
    }
    const item = directory.children.get(path.slice(start) as ByteString);
    if (item instanceof TreeDirectory) last = { path, directory: item };
    else if (directory !== last.directory) {
      last = { path: path.slice(0, start - 1) as ByteString, directory };
    }
    return item;
  };
}

/** The names in a directory, in order of their bytes: for byte strings the default order is that. */
export function sortedNames(directory: TreeDirectory): ByteString[] {
  return [...directory.children.keys()].sort();
}

/** Every path with its node: the root first, parents before children, names in order of their bytes. */
export function* walkTree(root: TreeDirectory): Iterable<[ByteString, Node]> {
  const pending: [path: ByteString, item: TreeItem][] = [["/" as ByteString, root]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [path, item] = next;
    if (!(item instanceof TreeDirectory)) {
      yield [path, item];
      continue;
    }
    yield [path, item.node];
    const prefix = path === "/" ? "/" : `${path}/`;
    for (const name of sortedNames(item).reverse()) {
      pending.push([`${prefix}${name}` as ByteString, item.children.get(name)!]);
    }
  }
}

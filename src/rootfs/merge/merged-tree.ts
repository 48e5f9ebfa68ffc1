// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { makeImpliedDirectory } from "../blank-node.ts";
import type { Node } from "../root-filesystem.ts";

/** A directory of a merged tree: its own metadata and its contents. */
export class TreeDirectory {
  node: Node;
  /** The root is its own parent, so that `..` stays there. */
  readonly parent: TreeDirectory;
  readonly children = new Map<ByteString, TreeItem>();

  constructor(node: Node, parent?: TreeDirectory) {
    this.node = node;
    this.parent = parent ?? this;
  }
}

/** What a name in a directory refers to: a directory, or a node of any other type. */
export type TreeItem = TreeDirectory | Node;

/** How to look for a directory. */
export interface WalkOptions {
  /** Makes missing directories on the way, and replaces what is not a directory by one, as extracting would. */
  readonly create: boolean;
  /** The largest number of symbolic links to follow. */
  readonly linkHops: number;
  /** Called with the target of each link that is followed. An error it throws ends the walk. */
  readonly onFollow?: ((target: ByteString) => void) | undefined;
}

/**
 * The directory that `names` lead to from another, following links inside the root; undefined when it does
 * not exist and is not to be made. A `..` cancels a missing directory before it, as in umoci; a kernel
 * would fail there.
 * @throws OciError `link-loop`
 */
export function walkDirectories(
  start: TreeDirectory,
  names: readonly ByteString[],
  { create, linkHops, onFollow }: WalkOptions,
): TreeDirectory | undefined {
  const pending = [...names].reverse();
  /** The names that follow `directory` on the path and do not exist yet. */
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

/** Makes nested directories, one in the other, each replacing anything else of its name. */
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

/** What a normalised path refers to, without following links. */
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
 * Makes a faster {@link findItem} for paths that come in the order of a walk: it continues from the last
 * directory where it can, so that a deep tree is not descended from its root for every path.
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

/** The names in a directory, sorted by their bytes, which is the default order of byte strings. */
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

// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import { withLimits, type Limits } from "../oci/limits.ts";
import type { Node, RootFilesystem } from "./root-filesystem.ts";

/** One symbolic link that a resolution followed. */
export interface Hop {
  /** The path of the link, with no link among its parents. */
  readonly path: ByteString;
  /** Its target, as stored. */
  readonly target: ByteString;
  readonly node: Node;
  /** Whether a `..` in this target tried to climb above the root. The walk stays at the root then. */
  readonly climbs: boolean;
}

/** Where and why a resolution ended without a node. */
export interface Stop {
  readonly path: ByteString;
  readonly why: "absent" | "not-a-directory" | "link-loop";
}

/** The result of resolving a path inside a root. */
export interface Resolution {
  /** Every link that was followed, in order, including links among the parents. */
  readonly hops: readonly Hop[];
  /**
   * The path with all links resolved. If there is no node: the path that could not be found, followed by
   * the components that were not looked up any more.
   */
  readonly path: ByteString;
  /** Undefined when the path leads nowhere; {@link stop} then says where and why. */
  readonly node: Node | undefined;
  readonly stop: Stop | undefined;
}

export interface ResolveOptions {
  /** Whether to follow a link at the very end (default true). Links among the parents are always followed. */
  readonly followLast?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Resolves a path inside the root as the kernel would in a container: component by component; an absolute
 * target starts again at the root, and `..` stops there. A path that leads nowhere is a result (see
 * {@link Resolution.stop}), not an error.
 * @throws OciError `link-loop` after more than `limits.linkHops` links; what `root.lstat` throws
 */
export function resolvePath(
  root: RootFilesystem,
  path: ByteString,
  options: ResolveOptions = {},
): Resolution {
  const resolution = tracePath(root, path, options);
  if (resolution.stop?.why !== "link-loop") return resolution;
  const { linkHops } = withLimits(options.limits);
  throw new OciError(
    "link-loop",
    `${root.name}: ${toText(path)}: expected at most ${linkHops} symbolic links, still following at ${toText(resolution.stop.path)}`,
    { details: { path, stoppedAt: resolution.stop.path } },
  );
}

/**
 * As {@link resolvePath}, but a loop is a result too, with the links that were followed: for explaining a
 * path to people.
 * @throws what `root.lstat` throws
 */
export function tracePath(
  root: RootFilesystem,
  path: ByteString,
  options: ResolveOptions = {},
): Resolution {
  const { linkHops } = withLimits(options.limits);
  const hops: Hop[] = [];
  const pending = components(path).reverse();
  let at = "" as ByteString; // "" is the root while walking
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === ".") continue; // what stands before it had to be a directory already
    if (name === "..") {
      at = parentOf(at);
      continue;
    }
    const next = `${at}/${name}` as ByteString;
    const node = root.lstat(next);
    const last = pending.length === 0;
    if (node === undefined) return stopped(hops, next, "absent", pending);
    if (node.type === "symlink" && (!last || options.followLast !== false)) {
      if (hops.length >= linkHops) return stopped(hops, next, "link-loop", pending);
      const target = components(node.linkTarget);
      const base = node.linkTarget.startsWith("/") ? ("" as ByteString) : at;
      hops.push({ path: next, target: node.linkTarget, node, climbs: climbs(base, target) });
      if (node.linkTarget === "") return stopped(hops, next, "absent", pending);
      for (let index = target.length - 1; index >= 0; index -= 1) pending.push(target[index]!);
      at = base;
      continue;
    }
    if (node.type !== "directory" && !last) return stopped(hops, next, "not-a-directory", pending);
    at = next;
  }
  const end = at === "" ? ("/" as ByteString) : at;
  return { hops, path: end, node: root.lstat(end), stop: undefined };
}

/** The components that have a meaning. A trailing `/` or `/.` requires a directory, so it is kept, as `.`. */
function components(path: ByteString): ByteString[] {
  const parts = path.split("/").filter((name) => name !== "" && name !== ".");
  if (parts.length > 0 && /\/\.?$/.test(path)) parts.push(".");
  return parts as ByteString[];
}

function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf("/"))) as ByteString;
}

function climbs(base: ByteString, target: readonly ByteString[]): boolean {
  let depth = components(base).length;
  for (const name of target) {
    if (name !== ".") depth += name === ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

function stopped(
  hops: readonly Hop[],
  at: ByteString,
  why: Stop["why"],
  pending: readonly ByteString[],
): Resolution {
  let path = at;
  for (let index = pending.length - 1; index >= 0; index -= 1) {
    const name = pending[index]!;
    if (name === ".") continue;
    path = (name === ".." ? parentOf(path) : `${path}/${name}`) as ByteString;
  }
  return {
    hops,
    path: path === "" ? ("/" as ByteString) : path,
    node: undefined,
    stop: { path: at, why },
  };
}

// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { compareNodes, type ComparedField } from "../../rootfs/compare/compare-nodes.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { pairTrees } from "../../rootfs/walk-filesystem.ts";
import { unitBytes, type FileUnit } from "./file-units.ts";
import { pythonSource } from "./python-source.ts";

/** What some kept layers give of a wanted tree, and what they lack. */
export interface KeptComparison {
  /** What the kept layers do not have, or have in another way: to be written above them. */
  readonly missing: readonly FileUnit[];
  /** The topmost paths that they have and the wanted tree has not. */
  readonly removed: readonly ByteString[];
  /** Bytes of each kept layer that are in use, in the order of the layers. */
  readonly used: readonly number[];
  /** Directories of the wanted tree with the times that they have in the kept layers. */
  readonly directories: ReadonlyMap<ByteString, Node>;
}

export interface CompareKeptOptions {
  /** Whether another time makes a file another one. */
  readonly exactTimes: boolean;
}

/**
 * Compares a wanted tree with that of the kept layers. A file is kept when it is the same but for its times, under
 * the same names; so are directories, links and devices. A file of Python whose compiled form is written anew is
 * written with it, since that names the time of the other.
 */
export function compareKept(
  wanted: ImageFilesystem,
  units: readonly FileUnit[],
  kept: ImageFilesystem,
  layers: number,
  { exactTimes }: CompareKeptOptions,
): KeptComparison {
  const ignore: readonly ComparedField[] = exactTimes ? [] : ["time"];
  const claimed = new Set<Node>();
  const used = new Array<number>(layers).fill(0);
  const missing = new Set<FileUnit>();
  const found = new Map<FileUnit, Node>();
  const directories = new Map<ByteString, Node>();
  /** Kept files of Python whose time is another one, by path. */
  const retimed = new Map<ByteString, FileUnit>();
  for (const unit of units) {
    const node = sameIn(kept, wanted, unit, ignore);
    if (node === undefined || claimed.has(node)) {
      missing.add(unit);
      continue;
    }
    const [path] = unit.paths as [ByteString];
    if (node.type === "directory") {
      directories.set(path, node);
      continue;
    }
    if (unit.paths.length > 1 || node.linkCount !== 1) claimed.add(node);
    found.set(unit, node);
    if (path.endsWith(".py") && !isSameTime(node, unit.node)) {
      for (const each of unit.paths) retimed.set(each, unit);
    }
  }
  for (const unit of [...missing]) {
    for (const path of unit.paths) {
      const source = retimed.get(pythonSource(path) ?? path);
      if (source === undefined) continue;
      missing.add(source);
      found.delete(source);
    }
  }
  for (const [unit, node] of found) {
    const location = kept.location(node);
    if (location !== undefined) used[location.layer]! += unitBytes(unit);
  }
  return {
    missing: units.filter((unit) => missing.has(unit)),
    removed: removedPaths(wanted, kept),
    used,
    directories,
  };
}

/** The node that the kept layers have for all names of a file, if it is the same. */
function sameIn(
  kept: ImageFilesystem,
  wanted: ImageFilesystem,
  { node, paths }: FileUnit,
  ignore: readonly ComparedField[],
): Node | undefined {
  const [path] = paths as [ByteString];
  const other = kept.lstat(path);
  if (other === undefined || !paths.every((each) => kept.lstat(each) === other)) return undefined;
  // A directory that no kept layer names has no metadata there that would stay.
  const isStated = kept.location(other) !== undefined || wanted.location(node) === undefined;
  if (!isStated) return undefined;
  const { fields, undecided } = compareNodes(path, node, other, { ignore });
  return fields.length === 0 && !undecided ? other : undefined;
}

function isSameTime(one: Node, other: Node): boolean {
  return one.mtime === other.mtime && one.mtimeNanoseconds === other.mtimeNanoseconds;
}

/** Whiteouts for these make the kept tree one without what the wanted tree has not. */
function removedPaths(wanted: ImageFilesystem, kept: ImageFilesystem): ByteString[] {
  const removed: ByteString[] = [];
  const isDirectory = (root: ImageFilesystem, path: ByteString): boolean =>
    root.lstat(path)?.type === "directory";
  let below: ByteString | undefined;
  for (const [path, one, other] of pairTrees(wanted, kept)) {
    if (below !== undefined && path.startsWith(below)) continue;
    below = undefined;
    if (one !== undefined || other === undefined) continue;
    below = `${path}/` as ByteString;
    // What a file or a link replaces goes with it, without a whiteout.
    const parent = (path.slice(0, path.lastIndexOf("/")) || "/") as ByteString;
    if (isDirectory(wanted, parent)) removed.push(path);
  }
  return removed;
}

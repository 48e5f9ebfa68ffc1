// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../../bytes/abort.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import { nameOf, parentOf } from "../../layer/path-parts.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { applyMetadata } from "../../disk/inode/apply-metadata.ts";
import type { XattrBatch } from "../../disk/xattrs/xattr-batch.ts";
import type { MetadataPolicy } from "../../disk/metadata-policy.ts";
import { below, type SystemPath } from "../../files/proc-path.ts";
import type { DirectoryCursor } from "../staging/directory-cursor.ts";
import { stagedName, takeAway, type Staging } from "../staging/staging.ts";
import type { Action, TreeChanges } from "./tree-changes.ts";
import { unwritableAt } from "../staging/unwritable-at.ts";

/** What placing a tree needs. */
export interface MoveOptions extends AbortOptions {
  readonly staging: Staging;
  readonly cursor: DirectoryCursor;
  readonly policy: MetadataPolicy;
  /** Attributes that are set together; the caller completes the batch after the tree is placed. */
  readonly batch: XattrBatch;
  /** Names the directory in messages. */
  readonly directory: string;
  /** Called ten times a second with the number of paths that are done. */
  readonly onMoved?: ((entries: number) => void) | undefined;
}

const BREATH_MS = 50;
const ENTRIES_PER_LOOK = 64;

/**
 * Removes from the directory what should no longer be there or is in the way. @throws OciError
 * `unwritable`, `aborted`
 */
export async function clearObstacles(plan: TreeChanges, options: MoveOptions): Promise<void> {
  const { cursor, staging, directory } = options;
  const breathe = makeBreath(options);
  for (const path of plan.obstacles) {
    await breathe(0);
    const parent = cursor.moveTo(parentOf(path));
    try {
      takeAway(below(parent, nameOf(path)), staging);
    } catch (error) {
      throw unwritableAt(directory, path, error);
    }
  }
}

/**
 * Puts the nodes of a tree at their paths, as the plan says: staged inodes get their names; directories are
 * created and get their own metadata once everything in them is done. The root's own metadata is left to
 * the caller, because the staging directory has to be removed first. `names` tells how many names an inode
 * gets; the default is one.
 * @throws OciError `unwritable`, naming the path; `aborted`
 */
export async function moveIntoTree(
  tree: ImageFilesystem,
  plan: TreeChanges,
  names: ReadonlyMap<Node, number>,
  options: MoveOptions,
): Promise<void> {
  const { cursor, directory } = options;
  const breathe = makeBreath(options);
  const missing = new Map(names);
  const touched = new Set<Node>();
  const open: OpenDirectory[] = [];
  let last = "/" as ByteString;
  let [seen, placed] = [0, 0];
  const closeAbove = (end: number): void => {
    while (open.length > 0 && open[open.length - 1]!.end > end) {
      finishDirectory(last, open.pop()!, options);
    }
  };
  for (const [path, node] of tree.paths()) {
    if (path === "/") continue;
    closeAbove(path.lastIndexOf("/"));
    last = path;
    const action = plan.action(path);
    try {
      if (node.type === "directory") {
        open.push({ end: path.length, node, action });
        if (action === "make") fs.mkdirSync(pathAt(cursor, path), 0o700);
      } else if (action === "make") {
        giveName(tree, node, path, missing, options);
      } else if (action === "touch" && !touched.has(node)) {
        touched.add(node);
        touch(path, node, options);
      }
    } catch (error) {
      throw unwritableAt(directory, path, error);
    }
    if (action !== undefined) placed += 1;
    seen += 1;
    if (seen % ENTRIES_PER_LOOK === 0) await breathe(placed);
  }
  closeAbove(0);
}

/** A directory that the walk is inside of: the length of its path, which is a prefix of every path below it. */
interface OpenDirectory {
  readonly end: number;
  readonly node: Node;
  readonly action: Action | undefined;
}

function finishDirectory(last: ByteString, open: OpenDirectory, options: MoveOptions): void {
  const path = last.slice(0, open.end) as ByteString;
  if (open.action === undefined && !options.cursor.widened.has(path)) return;
  try {
    touch(path, open.node, options);
  } catch (error) {
    throw unwritableAt(options.directory, path, error);
  }
}

function touch(path: ByteString, node: Node, { cursor, policy, batch }: MoveOptions): void {
  applyMetadata({ path: pathAt(cursor, path), existed: true }, node, policy, batch);
}

/** Gives a staged inode one of its missing names. The last name moves it out of the staging directory. */
function giveName(
  tree: ImageFilesystem,
  node: Node,
  path: ByteString,
  missing: Map<Node, number>,
  { cursor, staging }: MoveOptions,
): void {
  const staged = `${staging.base}/${stagedName(tree.location(node)!)}`;
  const target = pathAt(cursor, path);
  const left = (missing.get(node) ?? 1) - 1;
  if (left === 0) {
    fs.renameSync(staged, target);
    return;
  }
  missing.set(node, left);
  fs.linkSync(staged, target);
}

function pathAt(cursor: DirectoryCursor, path: ByteString): SystemPath {
  return below(cursor.moveTo(parentOf(path)), nameOf(path));
}

/**
 * Makes a function that now and then reports progress and yields to other work. It throws if the caller has
 * aborted.
 */
function makeBreath({
  signal,
  directory,
  onMoved,
}: MoveOptions): (placed: number) => Promise<void> {
  let breath = performance.now();
  return async (placed) => {
    const now = performance.now();
    if (now - breath < BREATH_MS) return;
    throwIfAborted(signal, directory);
    onMoved?.(placed);
    await setImmediate();
    breath = performance.now();
  };
}

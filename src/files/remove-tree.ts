// SPDX-License-Identifier: MIT
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../bytes/abort.ts";
import type { AbortOptions } from "../bytes/bytes.ts";
import { isOciError } from "../oci/errors.ts";
import { procPath, O_PATH } from "./proc-path.ts";
import { fileError, systemCode } from "./system-error.ts";
import { ownedName } from "./owned-name.ts";

// Each directory is first moved to a numbered name in a private directory at the top, and emptied there. So
// no path is ever more than two names below the top, however deep the tree is, and no directory is kept open.
// A moved directory can't be exchanged for a link by a process that still works in the tree. A mount point
// can't be moved, so a mounted file system is never touched.

const ASIDE = ".aside";
const OURS = 0o700;
const BREATH_MS = 50;
/** The errors of a full disk or one without free inodes. Removing must work without needing room. */
const FULL = new Set(["ENOSPC", "EDQUOT"]);

/**
 * Removes a file, or a directory with everything below it, whatever its depth, names and permissions, as far
 * as it belongs to this user. Links are removed, never followed; a mounted file system is never entered. It
 * is no error if the path is already gone. After an abort, another call can remove the rest.
 * @throws OciError `unwritable` for what can't be removed, such as a mount point; `aborted`
 */
export async function removeTree(path: string, { signal }: AbortOptions = {}): Promise<void> {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) await removeDirectory(path, signal);
    else if (stats !== undefined) removeFile(Buffer.from(path));
  } catch (error) {
    if (isOciError(error)) throw error;
    throw fileError("unwritable", path, error);
  }
}

async function removeDirectory(path: string, signal: AbortSignal | undefined): Promise<void> {
  const top = Buffer.from(path);
  makeOurs(top);
  const name = ownedName(ASIDE);
  const aside = below(top, Buffer.from(name));
  const waiting: Buffer[] = [top];
  if (!makeAside(aside)) {
    if (!makeAsideOfAny(top, aside)) {
      rmdirSync(top);
      return;
    }
    waiting.push(aside);
  }
  let moved = 0;
  let breath = performance.now();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const child of listDirectory(next)) {
      if (child.path.equals(aside)) continue;
      const place = below(aside, Buffer.from(`${name}-${moved}`));
      if (child.isDirectory && moveUp(child.path, place)) {
        waiting.push(place);
        moved += 1;
      } else if (!child.isDirectory) {
        removeFile(child.path);
      }
    }
    if (next !== top && next !== aside) rmdirSync(next);
    if (performance.now() - breath < BREATH_MS) continue;
    throwIfAborted(signal, path);
    await setImmediate();
    breath = performance.now();
  }
  rmdirSync(aside);
  rmdirSync(top);
}

/** Makes the private directory. Returns false when the disk is full or has no free inode. */
function makeAside(aside: Buffer): boolean {
  try {
    mkdirSync(aside, { mode: OURS });
    return true;
  } catch (error) {
    if (!FULL.has(systemCode(error) ?? "")) throw error;
    return false;
  }
}

/**
 * Removes the files of a directory, then makes the private directory, or uses the first subdirectory as one.
 * Returns false when there was no subdirectory: then the top is empty.
 */
function makeAsideOfAny(top: Buffer, aside: Buffer): boolean {
  const children = listDirectory(top);
  for (const { path, isDirectory } of children) if (!isDirectory) removeFile(path);
  if (makeAside(aside)) return true;
  if (!children.some(({ path, isDirectory }) => isDirectory && moveUp(path, aside))) return false;
  setMode(aside, OURS);
  return true;
}

function listDirectory(path: Buffer): { readonly path: Buffer; readonly isDirectory: boolean }[] {
  return readdirSync(path, { withFileTypes: true, encoding: "buffer" }).map((entry) => ({
    path: below(path, entry.name),
    isDirectory: entry.isDirectory(),
  }));
}

/**
 * Moves a directory to a place of ours, and makes it readable. Returns false when it is no longer a
 * directory.
 */
function moveUp(path: Buffer, place: Buffer): boolean {
  try {
    renameSync(path, place);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    // Moving a directory changes its `..`, so it must be writable.
    if (systemCode(error) !== "EACCES" || !makeOurs(path)) throw error;
    renameSync(path, place);
  }
  if (lstatSync(place).isDirectory()) {
    makeOurs(place);
    return true;
  }
  removeFile(place);
  return false;
}

/**
 * Lets the owner read, write and enter a directory. Returns false when that changes nothing, or it is not a
 * directory.
 */
function makeOurs(path: Buffer): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true || (stats.mode & OURS) === OURS) return false;
  setMode(path, OURS);
  return true;
}

function setMode(path: Buffer, mode: number): void {
  if (process.platform !== "linux") {
    chmodSync(path, mode);
    return;
  }
  // Only O_PATH can open a directory that has no permissions.
  const fd = openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    chmodSync(procPath(fd), mode);
  } finally {
    closeSync(fd);
  }
}

function removeFile(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

function below(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from("/"), name]);
}

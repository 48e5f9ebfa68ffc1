// SPDX-License-Identifier: MIT
// What differs between two states of a directory, found by reading all of it: independent of what is measured.
import { createHash } from "node:crypto";
import {
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** @typedef {ReadonlyMap<string, string>} TreeState what each file and link is, without its times */

/** @param {string} root @returns {TreeState} */
export function readState(root) {
  /** @type {Map<string, string>} */
  const state = new Map();
  // Not by the `recursive` of Node, which from 24 on goes through links too: it told of each file below /lib three times.
  const directories = [root];
  for (const directory of directories) {
    for (const each of readdirSync(directory, { withFileTypes: true })) {
      const full = join(directory, each.name);
      const path = full.slice(root.length + 1);
      if (each.isDirectory()) directories.push(full);
      if (each.isSymbolicLink()) state.set(path, `link ${readlinkSync(full)}`);
      if (!each.isFile()) continue;
      const { mode, uid, gid } = lstatSync(full);
      const digest = createHash("sha256").update(readFileSync(full)).digest("hex");
      state.set(path, `file ${mode.toString(8)} ${uid}:${gid} ${digest}`);
    }
  }
  return state;
}

/** The paths that are new or are not what they were. @param {TreeState} before @param {TreeState} after */
export function changedPaths(before, after) {
  return [...after].flatMap(([path, what]) => (before.get(path) === what ? [] : [path]));
}

/** Copies some files of a directory into one that does not exist yet. @param {string} root @param {readonly string[]} paths @param {string} to */
export function copyPaths(root, paths, to) {
  mkdirSync(to);
  /** @type {Map<bigint, string>} */
  const copied = new Map();
  for (const path of paths) {
    const [from, target] = [join(root, path), join(to, path)];
    mkdirSync(dirname(target), { recursive: true });
    const { ino, nlink } = lstatSync(from, { bigint: true });
    const same = nlink > 1n ? copied.get(ino) : undefined;
    if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), target);
    else if (same !== undefined) linkSync(same, target);
    else copyFileSync(from, target);
    copied.set(ino, target);
  }
}

// SPDX-License-Identifier: MIT
import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { syncDirectory } from "./sync/sync-directory.ts";
import { systemCode } from "./system-error.ts";

/**
 * Makes a directory, and those above it that are not there, durably: that each is in the one above is on
 * the disk when this returns. One that is there stays as it is. (Node's own recursive mkdir never returns
 * where the system says ENOENT below a directory that exists, as in /proc, and syncs nothing.)
 * @param mode of all that are made, less the umask
 * @throws the system's error; EEXIST when something else is in its place
 */
export function makeDirectories(path: string, mode = 0o777): void {
  const target = resolve(path);
  for (const missing of missingDirectories(target)) makeDirectory(missing, mode);
  if (!isDirectory(target)) mkdirSync(target); // says what is in its place
}

/** The directories of a path that are not there, the outermost first. */
export function missingDirectories(path: string): string[] {
  const missing: string[] = [];
  let at = resolve(path);
  while (statSync(at, { throwIfNoEntry: false }) === undefined && dirname(at) !== at) {
    missing.unshift(at);
    at = dirname(at);
  }
  return missing;
}

/** Another process may come first. */
function makeDirectory(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (systemCode(error) !== "EEXIST" || !isDirectory(path)) throw error;
  }
  syncDirectory(dirname(path));
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

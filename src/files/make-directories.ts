// SPDX-License-Identifier: MIT
import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { syncDirectory } from "./sync/sync-directory.ts";
import { systemCode } from "./system-error.ts";

/**
 * Makes a directory and its missing parents durably: when this returns, their entries are on the disk.
 * Existing directories stay as they are. Node's own recursive mkdir syncs nothing, and never returns where
 * the system answers ENOENT below an existing directory, as in /proc.
 * @param mode the mode of each new directory, less the umask
 * @throws the system's error; EEXIST when something else is in the way
 */
export function makeDirectories(path: string, mode = 0o777): void {
  const target = resolve(path);
  for (const missing of missingDirectories(target)) makeDirectory(missing, mode);
  if (!isDirectory(target)) mkdirSync(target); // Throws the error for what is in the way.
}

/** The missing directories of a path, the outermost first. */
export function missingDirectories(path: string): string[] {
  const missing: string[] = [];
  let at = resolve(path);
  while (statSync(at, { throwIfNoEntry: false }) === undefined && dirname(at) !== at) {
    missing.unshift(at);
    at = dirname(at);
  }
  return missing;
}

/** Makes a directory. It is no error if another process makes it first. */
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

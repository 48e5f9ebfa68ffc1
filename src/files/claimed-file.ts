// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync, renameSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { isAbandoned, ownedName, stemOf } from "./owned-name.ts";

// Files that outlive whoever works with them: `<stem>.<owner>` while somebody does, `<stem>` when nobody does. A
// file changes hands by one rename, so of several processes that want it only one gets it.

/** A file that somebody may take over. */
export interface ClaimableFile {
  readonly stem: string;
  readonly path: string;
  readonly stats: Stats;
  /** Whether a living process works with it. */
  readonly isHeld: boolean;
}

/**
 * In milliseconds. Where it can't be seen whether a process lives (on another machine, in another container), it
 * counts as dead when its file has not been touched for this long.
 */
const SILENCE = 10 * 60_000;

/** The regular files of a directory, the least recently touched first. @throws the system's error */
export function listClaimable(directory: string): ClaimableFile[] {
  return readdirSync(directory)
    .flatMap((name): ClaimableFile[] => {
      const path = join(directory, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats?.isFile() !== true) return [];
      const stem = stemOf(name);
      const isHeld = stem !== undefined && !isAbandoned(path, SILENCE);
      return [{ stem: stem ?? name, path, stats, isHeld }];
    })
    .sort((a, b) => a.stats.mtimeMs - b.stats.mtimeMs);
}

/**
 * Takes over the most recently touched file of a stem that no living process works with.
 * @returns its new path; undefined when there is none, or another process was faster
 * @throws the system's error when the directory can't be read
 */
export function claimFile(directory: string, stem: string): string | undefined {
  for (const file of listClaimable(directory).reverse()) {
    if (file.stem !== stem || file.isHeld) continue;
    const mine = join(directory, ownedName(stem));
    try {
      renameSync(file.path, mine);
      return mine;
    } catch {
      continue; // Another process has it by now.
    }
  }
  return undefined;
}

/** Lets go of a file, so that anybody can take it over. Replaces another one that waits. @throws the system's error */
export function releaseFile(path: string, stem: string): void {
  renameSync(path, join(dirname(path), stem));
}

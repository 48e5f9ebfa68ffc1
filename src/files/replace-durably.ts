// SPDX-License-Identifier: MIT
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writing } from "./system-error.ts";
import { ownedName } from "./owned-name.ts";

export interface ReplaceDurablyOptions {
  /** The stem of the name it is written under first: what sweeps the directory knows it by. */
  readonly stem: string;
  /** Its permissions, less the umask. Default: 0o666. */
  readonly mode?: number | undefined;
}

/**
 * Puts a small file in place of the one before, whole or not at all, and durable when this returns:
 * it is written and synced beside its place, renamed, and the directory synced.
 * @throws OciError `unwritable`, `not-found` for the directory
 */
export function replaceDurably(
  directory: string,
  name: string,
  bytes: Uint8Array,
  { stem, mode = 0o666 }: ReplaceDurablyOptions,
): void {
  const temporary = join(directory, ownedName(stem));
  try {
    writing(directory, () => {
      writeFileSync(temporary, bytes, { flag: "wx", flush: true, mode });
      renameSync(temporary, join(directory, name));
      syncDirectory(directory);
    });
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Makes renames in a directory durable, where the file system can. @throws the error of opening it */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, "r");
  try {
    fsyncSync(fd);
  } catch {
    return; // not every file system syncs directories; it still orders renames
  } finally {
    closeSync(fd);
  }
}

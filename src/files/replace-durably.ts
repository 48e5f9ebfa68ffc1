// SPDX-License-Identifier: MIT
import {
  closeSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { makeLike } from "./keep-owner.ts";
import { ownedName } from "./owned-name.ts";
import { writeWhole } from "./regular-file.ts";
import { syncDirectory } from "./sync/sync-directory.ts";
import { writing } from "./system-error.ts";

export interface ReplaceDurablyOptions {
  /** The stem of the name it is written under first: what sweeps the directory knows it by. */
  readonly stem: string;
  /** Its permissions, less the umask. Default: those of the one before, else 0o666. */
  readonly mode?: number | undefined;
}

/**
 * Puts a small file in place of the one before, whole or not at all, and durable when this returns:
 * it is written and synced beside its place, renamed, and the directory synced. It has the owner of the
 * one before where this user may give it to him.
 * @throws OciError `unwritable`, `not-found` for the directory
 */
export function replaceDurably(
  directory: string,
  name: string,
  bytes: Uint8Array,
  { stem, mode }: ReplaceDurablyOptions,
): void {
  const temporary = join(directory, ownedName(stem));
  try {
    writing(directory, () => {
      const place = join(directory, name);
      const before = lstatSync(place, { throwIfNoEntry: false });
      writeLike(temporary, bytes, before, mode);
      renameSync(temporary, place);
      syncDirectory(directory);
    });
  } finally {
    rmSync(temporary, { force: true });
  }
}

function writeLike(
  path: string,
  bytes: Uint8Array,
  before: Stats | undefined,
  mode: number | undefined,
): void {
  const fd = openSync(path, "wx", mode ?? (before?.isFile() === true ? 0o600 : 0o666));
  try {
    writeWhole(fd, bytes);
    if (before?.isFile() === true) {
      const { uid, gid } = before;
      makeLike(fd, mode === undefined ? before : { uid, gid, mode: fstatSync(fd).mode });
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

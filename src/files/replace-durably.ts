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
  /** The stem of its temporary name, by which a sweep of the directory recognises it. */
  readonly stem: string;
  /** Its permissions, less the umask. Default: those of the file that is replaced, else 0o666. */
  readonly mode?: number | undefined;
}

/**
 * Replaces a small file, whole or not at all. The new file is written and synced beside the old one and
 * renamed, and the directory is synced: it is durable when this returns. It keeps the owner of the old file
 * if this user may set that owner.
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

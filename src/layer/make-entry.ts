// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import type { Entry, EntryType } from "./entry.ts";

const EMPTY = "" as ByteString;
const NOTHING: ReadonlyMap<ByteString, ByteString> = new Map();

const DEFAULT_MODES: Readonly<Record<EntryType, number>> = Object.freeze({
  file: 0o644,
  directory: 0o755,
  symlink: 0o777,
  hardlink: 0o644,
  character: 0o644,
  block: 0o644,
  fifo: 0o644,
});

/** The fields that {@link makeEntry} needs; the others have defaults. */
export type EntryInit = Pick<Entry, "type" | "path"> & Partial<Entry>;

/**
 * Makes a complete entry. The defaults: owned by 0:0, time 0, no content, mode 0755 for a directory, 0777 for
 * a symbolic link and 0644 for anything else.
 */
export function makeEntry(init: EntryInit): Entry {
  return {
    linkTarget: EMPTY,
    mode: DEFAULT_MODES[init.type],
    uid: 0,
    gid: 0,
    userName: EMPTY,
    groupName: EMPTY,
    mtime: 0,
    mtimeNanoseconds: 0,
    size: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: NOTHING,
    extensions: NOTHING,
    ...init,
  };
}

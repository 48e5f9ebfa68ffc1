// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { changeEntry, type EntryEdit } from "./edit-entry.ts";
import type { Entry } from "../entry.ts";

const EMPTY = "" as ByteString;
/** PAX records with other times than the modification time. */
const FURTHER_TIMES = ["atime", "ctime", "LIBARCHIVE.creationtime"].map(fromText);

/** Sets user and group, or only one of them. The name that belongs to the old number is removed. */
export function changeOwner(owner: {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}): EntryEdit {
  const { uid, gid } = owner;
  return (entry) =>
    changeEntry(entry, {
      uid: uid ?? entry.uid,
      gid: gid ?? entry.gid,
      userName: uid === undefined ? entry.userName : EMPTY,
      groupName: gid === undefined ? entry.groupName : EMPTY,
    });
}

/** Computes new permission bits from the present ones. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

/** Changes the permission bits of everything but symbolic links, which have none. See `parseModeChange`. */
export function changeMode(change: ModeChange): EntryEdit {
  return (entry) =>
    entry.type === "symlink"
      ? entry
      : changeEntry(entry, { mode: change(entry.mode, entry.type === "directory") });
}

/**
 * Sets the modification time of everything, in whole seconds since 1970. Times of access, change and creation
 * are removed: they tell when the layer was made, not what is in it.
 */
export function setTimes(seconds: number): EntryEdit {
  return (entry) =>
    changeEntry(entry, {
      mtime: seconds,
      mtimeNanoseconds: 0,
      extensions: withoutFurtherTimes(entry),
    });
}

/** Replaces only modification times that are later than this one; otherwise as {@link setTimes}. */
export function clampTimes(seconds: number): EntryEdit {
  return (entry) => {
    const { mtime, mtimeNanoseconds } = entry;
    const isLate = mtime > seconds || (mtime === seconds && mtimeNanoseconds > 0);
    const extensions = withoutFurtherTimes(entry);
    if (!isLate && extensions === entry.extensions) return entry;
    return changeEntry(
      entry,
      isLate ? { mtime: seconds, mtimeNanoseconds: 0, extensions } : { extensions },
    );
  };
}

function withoutFurtherTimes({ extensions }: Entry): Entry["extensions"] {
  if (!FURTHER_TIMES.some((key) => extensions.has(key))) return extensions;
  return new Map([...extensions].filter(([key]) => !FURTHER_TIMES.includes(key)));
}

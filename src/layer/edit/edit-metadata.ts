// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { changeEntry, type EntryEdit } from "./edit-entry.ts";
import type { Entry } from "../entry.ts";

const EMPTY = "" as ByteString;
/** The other times that a tar may hold. */
const FURTHER_TIMES = ["atime", "ctime", "LIBARCHIVE.creationtime"].map(fromText);

/** Another owner, or only another user or group. The name of what is set goes: it would say another. */
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

/** The new permission bits of something that has `mode` now. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

/** Other permission bits, for everything but symbolic links, which have none. See `parseModeChange`. */
export function changeMode(change: ModeChange): EntryEdit {
  return (entry) =>
    entry.type === "symlink"
      ? entry
      : changeEntry(entry, { mode: change(entry.mode, entry.type === "directory") });
}

/**
 * One time for everything, in whole seconds since 1970. Times of access, change and creation are left
 * out: they say when the layer's maker did something, not what it made.
 */
export function setTimes(seconds: number): EntryEdit {
  return (entry) =>
    changeEntry(entry, {
      mtime: seconds,
      mtimeNanoseconds: 0,
      extensions: withoutFurtherTimes(entry),
    });
}

/** No time later than this one, in whole seconds since 1970; else as {@link setTimes}. */
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

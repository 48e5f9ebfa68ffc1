// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import type { Entry, EntryType } from "../entry.ts";
import { GNU, STAR, USTAR, type Field } from "../format/header-layout.ts";
import { LayerFault } from "../format/layer-fault.ts";
import { readCount, readId, readSeconds, tryNumber } from "../format/numeric-field.ts";

/** An entry while its headers are being read. */
export type EntryDraft = { -readonly [K in keyof Entry]: Entry[K] } & {
  extensions: Map<ByteString, ByteString>;
};

const EMPTY = "" as ByteString;
const PERMISSIONS = 0o7777;
const NOTHING: ReadonlyMap<ByteString, ByteString> = new Map();

/** The dialect of a header. Each one adds fields to the oldest, v7. */
type Dialect = "v7" | "ustar" | "gnu" | "star";

const TYPES: Readonly<Record<string, EntryType>> = Object.freeze({
  "\0": "file",
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
  // "contiguous": POSIX lets a reader treat it as a file
  "7": "file",
  // GNU sparse; sparse-map.ts reads the map of its extents
  S: "file",
});

/** Whether an entry of this type has a link target. */
export function isLink(type: EntryType): boolean {
  return type === "symlink" || type === "hardlink";
}

/** The type flag of a header, as a character. */
export function readTypeFlag(block: Uint8Array): string {
  return String.fromCharCode(block[USTAR.typeFlag.at]!);
}

/** Whether a header is GNU tar's own dialect. */
export function isGnuHeader(block: Uint8Array): boolean {
  return readDialect(block) === "gnu";
}

/**
 * The entry as this header alone describes it: `size` is the number of bytes stored after it. The oldest tars
 * mark a directory only by a trailing slash: here it is a file still.
 * @throws LayerFault `invalid-layer` for a field that is not a number, and for a type that layers don't have:
 *   its meaning would be a guess, and container runtimes refuse it too
 */
export function readHeader(block: Uint8Array): EntryDraft {
  const flag = readTypeFlag(block);
  const type = TYPES[flag];
  if (type === undefined) throw unknownType(flag);
  const draft: EntryDraft = {
    type,
    path: readName(block, USTAR.name),
    linkTarget: isLink(type) ? readName(block, USTAR.linkName) : EMPTY,
    mode: readCount(block, USTAR.mode) & PERMISSIONS,
    uid: readId(block, USTAR.uid),
    gid: readId(block, USTAR.gid),
    userName: EMPTY,
    groupName: EMPTY,
    mtime: readSeconds(block, USTAR.mtime),
    mtimeNanoseconds: 0,
    size: readCount(block, USTAR.size),
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: NOTHING,
    extensions: NOTHING as Map<ByteString, ByteString>,
  };
  const dialect = readDialect(block);
  if (dialect !== "v7") readUstarFields(block, dialect, draft);
  return draft;
}

function unknownType(flag: string): LayerFault {
  return new LayerFault(
    "invalid-layer",
    `type: expected one of 0 to 7, S or an extended header, got ${JSON.stringify(flag)}`,
    { hint: "The archive uses a vendor's extension that can't be in a layer." },
  );
}

function readDialect(block: Uint8Array): Dialect {
  const magic = fromBytes(block, USTAR.magic.at, USTAR.magic.at + USTAR.magic.length);
  if (magic === "ustar  \0") return "gnu";
  if (!magic.startsWith("ustar\0")) return "v7";
  const trailer = fromBytes(block, STAR.trailer.at, STAR.trailer.at + STAR.trailer.length);
  return trailer === "tar\0" ? "star" : "ustar";
}

function readUstarFields(block: Uint8Array, dialect: Dialect, draft: EntryDraft): void {
  draft.userName = readName(block, USTAR.userName);
  draft.groupName = readName(block, USTAR.groupName);
  draft.deviceMajor = readId(block, USTAR.deviceMajor);
  draft.deviceMinor = readId(block, USTAR.deviceMinor);
  if (dialect === "ustar") readPrefix(block, USTAR.prefix, draft);
  else if (dialect === "star") {
    readPrefix(block, STAR.prefix, draft);
    readTimes(block, [STAR.atime, STAR.ctime], draft);
  } else if (!readTimes(block, [GNU.atime, GNU.ctime], draft)) {
    // Go before 1.8, and so Docker, put a ustar prefix into GNU headers. A path can't be taken for a time.
    readPrefix(block, USTAR.prefix, draft);
  }
}

function readPrefix(block: Uint8Array, field: Field, draft: EntryDraft): void {
  if (block[field.at] === 0) return;
  draft.path = `${readName(block, field)}/${draft.path}` as ByteString;
}

/** Keeps the access and change times as PAX records of the same names. Returns false when they are not numbers. */
function readTimes(block: Uint8Array, fields: readonly Field[], draft: EntryDraft): boolean {
  for (const field of fields) {
    if (block[field.at] === 0) continue;
    const time = tryNumber(block, field);
    if (time === undefined) return false;
    if (draft.extensions.size === 0) draft.extensions = new Map();
    draft.extensions.set(field.name as ByteString, time.toString() as ByteString);
  }
  return true;
}

/** The bytes of a field up to its first NUL. */
function readName(block: Uint8Array, { at, length }: Field): ByteString {
  let end = at;
  while (end < at + length && block[end] !== 0) end += 1;
  return end === at ? EMPTY : fromBytes(block, at, end);
}

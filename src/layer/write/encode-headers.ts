// SPDX-License-Identifier: MIT
import { compareByteStrings, type ByteString } from "../../bytes/byte-string.ts";
import { headerChecksum } from "../format/checksum.ts";
import type { Entry, EntryType } from "../entry.ts";
import { BLOCK, paddingOf, USTAR, type Field } from "../format/header-layout.ts";
import { fitsOctal, writeOctal } from "../format/numeric-field.ts";
import { formatRecord, Keyword } from "../format/pax-records.ts";
import { formatTime } from "../format/pax-time.ts";

const TYPE_FLAGS: Readonly<Record<EntryType, string>> = Object.freeze({
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
});

const EXTENDED_FLAG = "x";
/** The name of an extended header, which only a tar without PAX would use. Python's tarfile writes the same. */
const EXTENDED_NAME = "././@PaxHeader" as ByteString;
const MAGIC = "ustar\x0000" as ByteString;
const EMPTY = "" as ByteString;
const ASCII = /^[\x01-\x7f]*$/;

/** The headers of an entry, as they stand in a tar. */
export interface EncodedHeaders {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The bytes of the PAX records among them. */
  readonly extended: number;
}

/** The fields of one header block, after it was checked that they fit. */
type Fields = readonly (readonly [field: Field, value: number | ByteString])[];

/**
 * Encodes the headers of an entry: a ustar header, and before it a PAX header for what doesn't fit into that:
 * long names, names that are not ASCII (as bytes), uid and gid from 2,097,152, sizes from 8 GiB, times with
 * nanoseconds, before 1970 or after 2242, extended attributes and extensions. The bytes depend only on the
 * entry: records are sorted by keyword. `before` is the number of zero bytes to put in front.
 */
export function encodeHeaders(entry: Entry, before: number): EncodedHeaders {
  const records = new Map<ByteString, ByteString>();
  const fields = encodeFields(entry, records);
  const text = formatRecords(records);
  const extended = text === "" ? 0 : BLOCK + text.length + paddingOf(text.length);
  const bytes = new Uint8Array(before + extended + BLOCK);
  if (extended > 0) {
    writeHeader(bytes, before, [
      [USTAR.name, EXTENDED_NAME],
      [USTAR.mode, 0o644],
      [USTAR.size, text.length],
      [USTAR.typeFlag, EXTENDED_FLAG as ByteString],
    ]);
    writeBytes(bytes, before + BLOCK, text);
  }
  writeHeader(bytes, before + extended, fields);
  return { bytes, extended: text.length };
}

/** The fields of the ustar header. What doesn't fit goes into `records`, and its field stays 0 or empty. */
function encodeFields(entry: Entry, records: Map<ByteString, ByteString>): Fields {
  const number = (field: Field, value: number, keyword: string): readonly [Field, number] => {
    if (fitsOctal(value, field)) return [field, value];
    records.set(keyword as ByteString, value.toString() as ByteString);
    return [field, 0];
  };
  const name = (
    field: Field,
    value: ByteString,
    keyword: string,
    longest = field.length,
  ): readonly [Field, ByteString] => {
    if (value.length <= longest && ASCII.test(value)) return [field, value];
    records.set(keyword as ByteString, value);
    return [field, EMPTY];
  };
  const [prefix, rest] = splitPath(entry.path);
  const fields: Fields = [
    [USTAR.prefix, prefix],
    name(USTAR.name, rest, "path"),
    name(USTAR.linkName, entry.linkTarget, "linkpath"),
    [USTAR.mode, entry.mode],
    number(USTAR.uid, entry.uid, "uid"),
    number(USTAR.gid, entry.gid, "gid"),
    number(USTAR.size, entry.size, "size"),
    number(USTAR.mtime, entry.mtime, "mtime"),
    [USTAR.typeFlag, TYPE_FLAGS[entry.type] as ByteString],
    name(USTAR.userName, entry.userName, "uname", USTAR.userName.length - 1),
    name(USTAR.groupName, entry.groupName, "gname", USTAR.groupName.length - 1),
    number(USTAR.deviceMajor, entry.deviceMajor, "SCHILY.devmajor"),
    number(USTAR.deviceMinor, entry.deviceMinor, "SCHILY.devminor"),
  ];
  const time = { seconds: entry.mtime, nanoseconds: entry.mtimeNanoseconds };
  if (time.nanoseconds !== 0) records.set("mtime" as ByteString, formatTime(time));
  for (const [key, value] of entry.xattrs) records.set((Keyword.xattr + key) as ByteString, value);
  for (const [key, value] of entry.extensions) records.set(key, value);
  return fields;
}

/**
 * Splits a long path into ustar's prefix (at most 155 bytes) and name (at most 100), at a slash. A path for
 * which that is not possible is returned whole.
 */
function splitPath(path: ByteString): readonly [prefix: ByteString, rest: ByteString] {
  if (path.length <= USTAR.name.length || !ASCII.test(path)) return [EMPTY, path];
  const slash = path.indexOf("/", Math.max(1, path.length - USTAR.name.length - 1));
  const canSplit = slash > 0 && slash <= USTAR.prefix.length && slash < path.length - 1;
  return canSplit
    ? [path.slice(0, slash) as ByteString, path.slice(slash + 1) as ByteString]
    : [EMPTY, path];
}

function formatRecords(records: ReadonlyMap<ByteString, ByteString>): ByteString {
  const sorted = [...records].sort(([a], [b]) => compareByteStrings(a, b));
  return sorted.map(([key, value]) => formatRecord(key, value)).join("") as ByteString;
}

function writeHeader(bytes: Uint8Array, at: number, fields: Fields): void {
  const numbers = [USTAR.mode, USTAR.uid, USTAR.gid, USTAR.size, USTAR.mtime];
  for (const field of numbers) writeOctal(bytes, at + field.at, field, 0);
  writeOctal(bytes, at + USTAR.deviceMajor.at, USTAR.deviceMajor, 0);
  writeOctal(bytes, at + USTAR.deviceMinor.at, USTAR.deviceMinor, 0);
  writeBytes(bytes, at + USTAR.magic.at, MAGIC);
  for (const [field, value] of fields) {
    if (typeof value === "number") writeOctal(bytes, at + field.at, field, value);
    else writeBytes(bytes, at + field.at, value);
  }
  writeChecksum(bytes, at);
}

/** Encodes the checksum as all tars do: six octal digits, a NUL and a space. */
function writeChecksum(bytes: Uint8Array, at: number): void {
  const { at: checksumAt, length } = USTAR.checksum;
  const sum = headerChecksum(bytes, at);
  writeOctal(bytes, at + checksumAt, { ...USTAR.checksum, length: length - 1 }, sum);
  bytes[at + checksumAt + length - 1] = 0x20;
}

function writeBytes(bytes: Uint8Array, at: number, text: ByteString): void {
  for (let next = 0; next < text.length; next += 1) bytes[at + next] = text.charCodeAt(next);
}

// SPDX-License-Identifier: MIT
import { fromBytes, fromText, type ByteString } from "../../bytes/byte-string.ts";
import type { Entry, EntryType } from "../../layer/entry.ts";
import { makeEntry } from "../../layer/make-entry.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { limitExceeded } from "../../oci/limits.ts";

/** Where the content of a file lies in the compressed blob. */
export interface BlobRange {
  /** The first byte, where a frame or a member begins. */
  readonly offset: number;
  /** The byte after the last; a frame or a member ends there. */
  readonly end: number;
  /** How many decompressed bytes come before the content. */
  readonly skip: number;
}

/** An entry of a layer as its table of contents has it. */
export interface TableEntry {
  readonly entry: Entry;
  /** The sha256 of a file's content. */
  readonly hex: string | undefined;
  /** Undefined for what has no content. */
  readonly range: BlobRange | undefined;
}

const TYPES: Readonly<Record<string, EntryType>> = {
  ...{ reg: "file", dir: "directory", symlink: "symlink", hardlink: "hardlink" },
  ...{ char: "character", block: "block", fifo: "fifo" },
};
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

type Row = Readonly<Record<string, unknown>>;

/** What bounds the places that a table may name. */
export interface TableBounds {
  /** Where the contents of files end in the blob. */
  readonly contentEnd: number;
  readonly mostEntries: number;
}

/**
 * Parses the JSON of a table of contents, of zstd:chunked or of eStargz. It must say of every file where its content is
 * and what digest that has.
 * @throws OciError `invalid-layer`, `limit-exceeded`
 */
export function parseTable(json: Uint8Array, bounds: TableBounds): readonly TableEntry[] {
  const rows = rowsOf(json, bounds);
  const starts = Float64Array.from(
    rows
      .filter((row) => row["type"] === "reg" || row["type"] === "chunk")
      .map((row) => numberAt(row, "offset")),
  ).sort();
  const entries: TableEntry[] = [];
  for (const [at, row] of rows.entries()) {
    if (row["type"] === "chunk") continue;
    const entry = entryOf(row);
    if (entry.type !== "file") entries.push({ entry, hex: undefined, range: undefined });
    else if (entry.size === 0) entries.push({ entry, hex: EMPTY, range: undefined });
    else entries.push({ entry, ...contentOf(rows, at, starts, bounds) });
  }
  return entries;
}

function rowsOf(json: Uint8Array, { mostEntries }: TableBounds): readonly Row[] {
  let table: unknown;
  try {
    table = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (error) {
    throw invalidTable("JSON", String(error));
  }
  const rows = isRow(table) ? table["entries"] : undefined;
  if (!isRow(table) || table["version"] !== 1 || !Array.isArray(rows) || !rows.every(isRow)) {
    throw invalidTable("a version 1 with a list of entries", "something else");
  }
  if (rows.length > mostEntries) {
    throw limitExceeded({ what: WHAT, limit: "entries", allowed: mostEntries, unit: "entries" });
  }
  return rows;
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function entryOf(row: Row): Entry {
  const type = TYPES[textAt(row, "type")];
  if (type === undefined) throw invalidTable("a type of an entry", textAt(row, "type"));
  const { mtime, mtimeNanoseconds } = timeOf(textAt(row, "modtime"));
  return makeEntry({
    type,
    path: nameAt(row, "name"),
    linkTarget: nameAt(row, "linkName"),
    mode: numberAt(row, "mode") & 0o7777,
    uid: numberAt(row, "uid"),
    gid: numberAt(row, "gid"),
    userName: nameAt(row, "userName"),
    groupName: nameAt(row, "groupName"),
    ...{ mtime, mtimeNanoseconds },
    size: type === "file" ? numberAt(row, "size") : 0,
    deviceMajor: numberAt(row, "devMajor"),
    deviceMinor: numberAt(row, "devMinor"),
    xattrs: xattrsOf(row["xattrs"]),
  });
}

/** Where the content of the file at a place of the list is, and its digest. */
function contentOf(
  rows: readonly Row[],
  at: number,
  starts: Float64Array,
  { contentEnd }: TableBounds,
): Pick<TableEntry, "hex" | "range"> {
  const row = rows[at]!;
  let last = at;
  while (rows[last + 1]?.["type"] === "chunk") last += 1;
  const offset = numberAt(row, "offset");
  const lastOffset = numberAt(rows[last]!, "offset");
  // zstd:chunked says where the content ends; in eStargz it is where the next begins.
  const end = numberAt(row, "endOffset") || firstAbove(starts, lastOffset) || contentEnd;
  const isInOrder = offset > 0 && offset <= lastOffset && lastOffset < end && end <= contentEnd;
  if (!isInOrder) {
    throw invalidTable(`a file inside the first ${contentEnd} bytes`, `${offset} to ${end}`);
  }
  const digest = textAt(row, "digest") || (last === at ? textAt(row, "chunkDigest") : "");
  if (!/^sha256:[0-9a-f]{64}$/.test(digest))
    throw invalidTable("a sha256 of each file", quote(digest));
  return {
    hex: digest.slice("sha256:".length),
    range: { offset, end, skip: numberAt(row, "innerOffset") },
  };
}

function firstAbove(sorted: Float64Array, value: number): number | undefined {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return sorted[low];
}

function textAt(row: Row, key: string): string {
  const value = row[key] ?? "";
  if (typeof value === "string") return value;
  throw invalidTable(`a text as ${key}`, typeof value);
}

/** A name. One that is not UTF-8 can't be in JSON: its writer has put U+FFFD into it. */
function nameAt(row: Row, key: string): ByteString {
  const text = textAt(row, key);
  if (text.includes("\ufffd") || text.includes("\0"))
    throw invalidTable(`a name as ${key}`, quote(text));
  return fromText(text);
}

function numberAt(row: Row, key: string): number {
  const value = row[key] ?? 0;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidTable(`a number as ${key}`, JSON.stringify(value).slice(0, 40));
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:\d\d)$/;

function timeOf(text: string): Pick<Entry, "mtime" | "mtimeNanoseconds"> {
  if (text === "") return { mtime: 0, mtimeNanoseconds: 0 };
  const [, fraction = ""] = TIME.exec(text) ?? [];
  const mtime = TIME.test(text) ? Date.parse(text.replace(/\.\d+/, "")) / 1000 : Number.NaN;
  if (Number.isNaN(mtime)) throw invalidTable("a time of RFC 3339", quote(text));
  return { mtime, mtimeNanoseconds: Number(fraction.padEnd(9, "0")) };
}

function xattrsOf(value: unknown): ReadonlyMap<ByteString, ByteString> {
  const xattrs = new Map<ByteString, ByteString>();
  if (value === undefined || value === null) return xattrs;
  if (!isRow(value)) throw invalidTable("attributes", typeof value);
  for (const [name, base64] of Object.entries(value)) {
    if (typeof base64 !== "string") throw invalidTable("an attribute in base64", typeof base64);
    xattrs.set(fromText(name), fromBytes(Buffer.from(base64, "base64")));
  }
  return xattrs;
}

const WHAT = "table of contents";

export function invalidTable(expected: string, got: string): OciError {
  return new OciError("invalid-layer", `${WHAT}: expected ${expected}, got ${got}`);
}

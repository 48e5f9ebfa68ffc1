// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Digest } from "../../oci/digest.ts";
import type { NodeType } from "../root-filesystem.ts";

/** The type of a layer's record. Hard links are resolved when layers are merged. */
export type RecordType = NodeType | "hardlink";

/** The record types; the position of each is its number in a layer index. */
export const RECORD_TYPES: readonly RecordType[] = Object.freeze([
  "file",
  "directory",
  "symlink",
  "hardlink",
  "character",
  "block",
  "fifo",
  "socket",
]);

/**
 * What one layer says, without its contents and independent of any other layer. It is a table with a column
 * for each property, because objects would take five times the memory. Records are numbered from 0, in the
 * order of the layer. Strings, blobs, attributes and directories are kept once and referred to by number;
 * number 0 is the empty string, the empty blob and the root directory.
 */
export interface LayerIndex {
  /** The serialised form, of which all columns are views: see serialised-index.ts. */
  readonly bytes: Uint8Array;
  readonly counts: Readonly<Record<Count, number>>;
  readonly columns: Columns;
  readonly string: (id: number) => ByteString;
  readonly blob: (id: number) => ByteString;
  /** The content digest for a number in the `digest` column. */
  readonly digest: (id: number) => Digest | undefined;
}

export type Count =
  | "records"
  | "removals"
  | "directories"
  | "attributes"
  | "strings"
  | "blobs"
  | "digests"
  | "extents";

/** The columns, in the order in which they are stored: the widest first, which keeps all of them aligned. */
export interface Columns {
  readonly mtime: Float64Array;
  readonly size: Float64Array;
  /** Where a file's stored content starts in the uncompressed layer; 0 when that is not kept, and for what is not a file. */
  readonly contentOffset: Float64Array;
  // The stored parts of sparse files, by ascending record: where each belongs in the file, and its length.
  readonly extentStart: Float64Array;
  readonly extentLength: Float64Array;
  // Attributes: one row for each combination that records share.
  readonly mode: Float64Array;
  readonly uid: Float64Array;
  readonly gid: Float64Array;
  readonly deviceMajor: Float64Array;
  readonly deviceMinor: Float64Array;
  readonly userName: Uint32Array;
  readonly groupName: Uint32Array;
  readonly xattrs: Uint32Array;
  readonly extensions: Uint32Array;
  // Records.
  readonly ordinal: Uint32Array;
  readonly directory: Uint32Array;
  /** The last component of the path; empty for the root itself. */
  readonly name: Uint32Array;
  readonly attributes: Uint32Array;
  readonly nanoseconds: Uint32Array;
  readonly link: Uint32Array;
  readonly head: Uint32Array;
  readonly digest: Uint32Array;
  readonly extentRecord: Uint32Array;
  // What the layer removes from lower layers: a name in a directory, or with an empty name all the directory's contents.
  readonly removalDirectory: Uint32Array;
  readonly removalName: Uint32Array;
  // The directories on the paths of records, parents first.
  readonly directoryParent: Uint32Array;
  readonly directoryName: Uint32Array;
  // Where strings (in characters) and blobs (in bytes) end; each starts where the one before it ends.
  readonly stringEnd: Uint32Array;
  readonly blobEnd: Uint32Array;
  readonly type: Uint8Array;
}

/** The number of rows and the bytes per value of each column, in the order of storage. */
export const COLUMN_LAYOUT: readonly (readonly [keyof Columns, Count, 8 | 4 | 1])[] = Object.freeze(
  [
    ["mtime", "records", 8],
    ["size", "records", 8],
    ["contentOffset", "records", 8],
    ["extentStart", "extents", 8],
    ["extentLength", "extents", 8],
    ["mode", "attributes", 8],
    ["uid", "attributes", 8],
    ["gid", "attributes", 8],
    ["deviceMajor", "attributes", 8],
    ["deviceMinor", "attributes", 8],
    ["userName", "attributes", 4],
    ["groupName", "attributes", 4],
    ["xattrs", "attributes", 4],
    ["extensions", "attributes", 4],
    ["ordinal", "records", 4],
    ["directory", "records", 4],
    ["name", "records", 4],
    ["attributes", "records", 4],
    ["nanoseconds", "records", 4],
    ["link", "records", 4],
    ["head", "records", 4],
    ["digest", "records", 4],
    ["extentRecord", "extents", 4],
    ["removalDirectory", "removals", 4],
    ["removalName", "removals", 4],
    ["directoryParent", "directories", 4],
    ["directoryName", "directories", 4],
    ["stringEnd", "strings", 4],
    ["blobEnd", "blobs", 4],
    ["type", "records", 1],
  ] as const,
);

// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";

/** The type of an entry. A `file` has content; a hard link may have content too. */
export type EntryType =
  "file" | "directory" | "symlink" | "hardlink" | "character" | "block" | "fifo";

/**
 * One entry of a layer as its headers describe it, PAX and GNU extensions included. Names are the bytes as
 * stored: not normalised, not checked, and a directory keeps its trailing slash.
 */
export interface Entry {
  readonly type: EntryType;
  readonly path: ByteString;
  /** The target of a symlink (any text) or of a hard link (a path in the layer); empty otherwise. */
  readonly linkTarget: ByteString;
  /** The twelve permission bits, setuid, setgid and sticky among them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly userName: ByteString;
  readonly groupName: ByteString;
  /** Whole seconds since 1970, rounded down; negative before. */
  readonly mtime: number;
  /** 0 to 999,999,999, added to `mtime`. */
  readonly mtimeNanoseconds: number;
  /** Bytes of content as a reader of the file sees it (a sparse file: its holes included). */
  readonly size: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /**
   * Extended attributes (PAX `SCHILY.xattr.*`, `LIBARCHIVE.xattr.*`) by their names without that prefix, in
   * the order of the headers.
   */
  readonly xattrs: ReadonlyMap<ByteString, ByteString>;
  /** All other PAX records (`atime`, `comment`, a vendor's), in order. */
  readonly extensions: ReadonlyMap<ByteString, ByteString>;
}

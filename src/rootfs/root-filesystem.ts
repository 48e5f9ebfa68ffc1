// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import type { Digest } from "../oci/digest.ts";

/** The type of an inode. A hard link has no type of its own: it is a second path with the same node. */
export type NodeType = "file" | "directory" | "symlink" | "character" | "block" | "fifo" | "socket";

/**
 * One inode of a root filesystem, be it a merged image or a plain directory. All its names give the same
 * object.
 */
export interface Node {
  readonly type: NodeType;
  /** The twelve permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly userName: ByteString;
  readonly groupName: ByteString;
  /** Whole seconds since 1970, rounded down. */
  readonly mtime: number;
  readonly mtimeNanoseconds: number;
  /** Bytes of a file's content; 0 for other types. */
  readonly size: number;
  /** A symbolic link's target, as stored; empty for other types. */
  readonly linkTarget: ByteString;
  /** The device number of a character or block device; 0 for other types. */
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly xattrs: ReadonlyMap<ByteString, ByteString>;
  readonly extensions: ReadonlyMap<ByteString, ByteString>;
  /** The sha256 of a file's content, when it is known without reading the file (as in an indexed layer). */
  readonly contentDigest: Digest | undefined;
  /**
   * The first bytes of a file, when they are known without reading it: 64 bytes of an ELF object, or the
   * first line (up to 256 bytes) of a file that starts with `#!`. Otherwise undefined.
   */
  readonly head: ByteString | undefined;
  /** How many names it has, if known. A search for hard links can forget nodes with only one. */
  readonly linkCount?: number | undefined;
}

/**
 * A root filesystem that can be queried. Paths are absolute byte strings (`/usr/bin/cc`), normalised: no
 * `.`, `..`, empty or trailing components. Its methods follow no links; `resolvePath` (resolve.ts) follows
 * them inside the root, on top of this interface.
 */
export interface RootFilesystem {
  /** What to call it in messages. */
  readonly name: string;
  /** The node at a path whose parents are real directories; undefined when there is none. @throws `unreadable` */
  lstat(path: ByteString): Node | undefined;
  /** The names in a directory, sorted by bytes. @throws OciError `unreadable`, `not-found` */
  list(path: ByteString): readonly ByteString[];
  /** The content of a file, from its first byte. A caller that stops early pays only for the start where the medium allows it. */
  read(path: ByteString, options?: AbortOptions): Bytes;
}

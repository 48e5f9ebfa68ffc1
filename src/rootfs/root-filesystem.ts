// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import type { Digest } from "../oci/digest.ts";

/** What a name in a root filesystem stands for. Hard links are two paths with the same node. */
export type NodeType = "file" | "directory" | "symlink" | "character" | "block" | "fifo" | "socket";

/**
 * One inode of a root filesystem: a merged image's or a plain directory's. The same object is
 * reached by each of its names.
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
  /** Bytes of a file's content; 0 for others. */
  readonly size: number;
  /** A symbolic link's target, as stored; empty for others. */
  readonly linkTarget: ByteString;
  /** Of a device; 0 for others. */
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly xattrs: ReadonlyMap<ByteString, ByteString>;
  readonly extensions: ReadonlyMap<ByteString, ByteString>;
  /** sha256 of a file's content, where it is known without reading it (an indexed layer). */
  readonly contentDigest: Digest | undefined;
  /**
   * The first bytes of a file that is an ELF object (64 bytes) or starts with `#!` (its first line, up
   * to 256 bytes), where known without reading it; undefined otherwise.
   */
  readonly head: ByteString | undefined;
  /** How many names it has, where that is known: who looks for hard links need not remember what has one. */
  readonly linkCount?: number | undefined;
}

/**
 * A root filesystem to ask questions of. Paths are absolute byte strings (`/usr/bin/cc`), normalised:
 * no `.`, `..`, empty or trailing components. Nothing here follows a link: `resolve` (resolve.ts) does
 * that, inside the root, on top of this.
 */
export interface RootFilesystem {
  /** For messages. */
  readonly name: string;
  /** The node at a path whose parents are real directories; undefined when there is none. @throws `unreadable` */
  lstat(path: ByteString): Node | undefined;
  /** The names in a directory, sorted by bytes. @throws OciError `unreadable`, `not-found` */
  list(path: ByteString): readonly ByteString[];
  /** The content of a file, from its first byte. Reading only its start costs only the start where the medium allows it. */
  read(path: ByteString, options?: AbortOptions): Bytes;
}

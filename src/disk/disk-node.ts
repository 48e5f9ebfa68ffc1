// SPDX-License-Identifier: MIT
import { constants, type BigIntStats } from "node:fs";
import type { ByteString } from "../bytes/byte-string.ts";
import type { Digest } from "../oci/digest.ts";
import type { Node, NodeType } from "../rootfs/root-filesystem.ts";

const EMPTY = "" as ByteString;
const NOTHING: ReadonlyMap<ByteString, ByteString> = new Map();
const BILLION = 1_000_000_000n;
const TYPES: ReadonlyMap<number, NodeType> = new Map([
  [constants.S_IFREG, "file"],
  [constants.S_IFDIR, "directory"],
  [constants.S_IFLNK, "symlink"],
  [constants.S_IFCHR, "character"],
  [constants.S_IFBLK, "block"],
  [constants.S_IFIFO, "fifo"],
]);

/** What is read of a node only when it is asked for, and then once. */
export interface LazyReads {
  /** Of a file. */
  readonly head: (path: ByteString) => ByteString | undefined;
  readonly xattrs: (path: ByteString) => ReadonlyMap<ByteString, ByteString>;
  /** Of a file; not there when contents are not to be hashed. */
  readonly contentDigest?: ((path: ByteString) => Digest) | undefined;
}

/** What was read of a node before it was made. */
export interface KnownReads {
  readonly xattrs: ReadonlyMap<ByteString, ByteString> | undefined;
  /** Of a file's content. */
  readonly digest: Digest | undefined;
}

/** What lstat says of an inode; all that changes when it, or its content, does. */
export interface InodeStamp {
  readonly type: NodeType;
  /** The twelve permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** As the system has it, of directories and links too. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  /** 0 where the file system keeps none. */
  readonly birthtimeNs: bigint;
}

/** What lstat says of an inode, and where a link leads. */
export interface InodeFacts {
  readonly stamp: InodeStamp;
  /** How many names it has on the whole disk. */
  readonly linkCount: number;
  readonly linkTarget: ByteString;
  /** Of a device, as the system has it. */
  readonly rdev: bigint;
}

/** A node of a plain directory. A class, for the same reason as `LayerNode`: there are many. */
export class DiskNode implements Node {
  readonly stamp: InodeStamp;
  readonly linkCount: number;
  readonly linkTarget: ByteString;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly #path: ByteString;
  readonly #read: LazyReads;
  #head: { readonly value: ByteString | undefined } | undefined;
  #xattrs: ReadonlyMap<ByteString, ByteString> | undefined;
  #digest: Digest | undefined;

  /** `path` is what it is read by; `known` is what was read of it already. */
  constructor(
    { stamp, linkCount, linkTarget, rdev }: InodeFacts,
    path: ByteString,
    read: LazyReads,
    known?: KnownReads,
  ) {
    this.stamp = stamp;
    this.linkCount = linkCount;
    this.linkTarget = linkTarget;
    const isDevice = stamp.type === "character" || stamp.type === "block";
    this.deviceMajor = isDevice ? majorOf(rdev) : 0;
    this.deviceMinor = isDevice ? minorOf(rdev) : 0;
    this.#path = path;
    this.#read = read;
    this.#xattrs = known?.xattrs;
    this.#digest = known?.digest;
  }

  get type(): NodeType {
    return this.stamp.type;
  }
  get mode(): number {
    return this.stamp.mode;
  }
  get uid(): number {
    return this.stamp.uid;
  }
  get gid(): number {
    return this.stamp.gid;
  }
  get userName(): ByteString {
    return EMPTY;
  }
  get groupName(): ByteString {
    return EMPTY;
  }
  get mtime(): number {
    const { mtimeNs } = this.stamp;
    return Number((mtimeNs - nanosecondsOf(mtimeNs)) / BILLION);
  }
  get mtimeNanoseconds(): number {
    return Number(nanosecondsOf(this.stamp.mtimeNs));
  }
  get size(): number {
    return this.type === "file" ? this.stamp.size : 0;
  }
  get xattrs(): ReadonlyMap<ByteString, ByteString> {
    this.#xattrs ??= this.#read.xattrs(this.#path);
    return this.#xattrs;
  }
  get extensions(): ReadonlyMap<ByteString, ByteString> {
    return NOTHING;
  }
  get contentDigest(): Digest | undefined {
    if (this.type === "file") this.#digest ??= this.#read.contentDigest?.(this.#path);
    return this.#digest;
  }
  get head(): ByteString | undefined {
    this.#head ??= { value: this.type === "file" ? this.#read.head(this.#path) : undefined };
    return this.#head.value;
  }
}

/** What the system says of an inode; the target is that of a link. */
export function factsOf(stat: BigIntStats, linkTarget: ByteString = EMPTY): InodeFacts {
  return { stamp: stampOf(stat), linkCount: Number(stat.nlink), linkTarget, rdev: stat.rdev };
}

/** The part of what lstat says that tells whether an inode changed. */
export function stampOf(stat: BigIntStats): InodeStamp {
  return {
    type: typeOf(Number(stat.mode)),
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    size: Number(stat.size),
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    ino: stat.ino,
    birthtimeNs: stat.birthtimeNs,
  };
}

function nanosecondsOf(time: bigint): bigint {
  const rest = time % BILLION;
  return rest < 0n ? rest + BILLION : rest;
}

/** What the upper bits of a mode say, by `S_IFMT`. */
export function typeOf(mode: number): NodeType {
  return TYPES.get(mode & constants.S_IFMT) ?? "socket";
}

// Linux, gnu_dev_major and gnu_dev_minor
function majorOf(device: bigint): number {
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn));
}

function minorOf(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n));
}

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

/** Properties of a node that are read when first asked for, and then kept. */
export interface LazyReads {
  /** For files only. */
  readonly head: (path: ByteString) => ByteString | undefined;
  readonly xattrs: (path: ByteString) => ReadonlyMap<ByteString, ByteString>;
  /** For files only; left out when contents are not to be hashed. */
  readonly contentDigest?: ((path: ByteString) => Digest) | undefined;
}

/** Properties of a node that were read before the node was made. */
export interface KnownReads {
  readonly xattrs: ReadonlyMap<ByteString, ByteString> | undefined;
  /** The digest of a file's content. */
  readonly digest: Digest | undefined;
}

/** What lstat says of an inode, limited to what changes whenever the inode or its content does. */
/** As the system reports it, also for directories and links. */
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
  /** 0 when the file system does not record it. */
  readonly birthtimeNs: bigint;
}

/** What lstat says of an inode, and the target of a link. */
export interface InodeFacts {
  readonly stamp: InodeStamp;
  /** How many names it has on the whole disk, not only in this directory. */
  readonly linkCount: number;
  readonly linkTarget: ByteString;
  /** The number of the device that a device file represents, as the system encodes it. */
  readonly rdev: bigint;
}

/** A node of a plain directory. A class to save memory, as `LayerNode`: there are many. */
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

  /** `path` is where the node is read from; `known` is what was already read of it. */
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

/** The facts of an inode from its lstat and, for a link, its target. */
export function factsOf(stat: BigIntStats, linkTarget: ByteString = EMPTY): InodeFacts {
  return { stamp: stampOf(stat), linkCount: Number(stat.nlink), linkTarget, rdev: stat.rdev };
}

/** The part of lstat's result that shows whether an inode changed. */
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

/** The type that the upper bits of a mode (`S_IFMT`) stand for. */
export function typeOf(mode: number): NodeType {
  return TYPES.get(mode & constants.S_IFMT) ?? "socket";
}

// As gnu_dev_major and gnu_dev_minor on Linux.
function majorOf(device: bigint): number {
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn));
}

function minorOf(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n));
}

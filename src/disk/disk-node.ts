// SPDX-License-Identifier: MIT
import type { BigIntStats } from "node:fs";
import { fromBytes, type ByteString } from "../bytes/byte-string.ts";
import type { Node, NodeType } from "../rootfs/root-filesystem.ts";

const EMPTY = "" as ByteString;
const NOTHING: ReadonlyMap<ByteString, ByteString> = new Map();
const BILLION = 1_000_000_000n;

/** What is read of a node only when it is asked for, and then once. */
export interface LazyReads {
  /** Of a file. */
  readonly head: (path: ByteString) => ByteString | undefined;
  readonly xattrs: (path: ByteString) => ReadonlyMap<ByteString, ByteString>;
}

/** A node from what the system says of it; `path` is what it is read by. */
export function makeDiskNode(
  stat: BigIntStats,
  linkTarget: Buffer | undefined,
  path: ByteString,
  read: LazyReads,
): Node {
  const type = typeOf(stat);
  const nanoseconds = ((stat.mtimeNs % BILLION) + BILLION) % BILLION;
  let head: { value: ByteString | undefined } | undefined;
  let xattrs: ReadonlyMap<ByteString, ByteString> | undefined;
  return {
    type,
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    userName: EMPTY,
    groupName: EMPTY,
    mtime: Number((stat.mtimeNs - nanoseconds) / BILLION),
    mtimeNanoseconds: Number(nanoseconds),
    size: type === "file" ? Number(stat.size) : 0,
    linkTarget: linkTarget === undefined ? EMPTY : fromBytes(linkTarget),
    deviceMajor: isDevice(type) ? majorOf(stat.rdev) : 0,
    deviceMinor: isDevice(type) ? minorOf(stat.rdev) : 0,
    get xattrs() {
      xattrs ??= read.xattrs(path);
      return xattrs;
    },
    extensions: NOTHING,
    contentDigest: undefined,
    get head() {
      head ??= { value: type === "file" ? read.head(path) : undefined };
      return head.value;
    },
  };
}

function typeOf(stat: BigIntStats): NodeType {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isCharacterDevice()) return "character";
  if (stat.isBlockDevice()) return "block";
  return stat.isFIFO() ? "fifo" : "socket";
}

function isDevice(type: NodeType): boolean {
  return type === "character" || type === "block";
}

// Linux, gnu_dev_major and gnu_dev_minor
function majorOf(device: bigint): number {
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn));
}

function minorOf(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n));
}

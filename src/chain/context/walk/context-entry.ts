// SPDX-License-Identifier: MIT
import type { ByteString } from "../../../bytes/byte-string.ts";
import type { DiskNode, InodeStamp } from "../../../disk/disk-node.ts";
import type { IgnoreMatcher } from "../ignore/ignore-matcher.ts";

/** What an entry is to BuildKit, which takes a socket for a file. */
export type EntryType = "file" | "directory" | "symlink" | "fifo" | "character" | "block";

/** One thing that BuildKit would be sent. */
export interface ContextEntry {
  /** Without a leading `/`. */
  readonly path: ByteString;
  readonly type: EntryType;
  /** The twelve permission bits; 0o777 for a link, whatever the system says. */
  readonly mode: number;
  /** The bytes that are sent of a file; else 0. */
  readonly size: number;
  /** The target of a link, and `major:minor` of a device; else empty. */
  readonly target: ByteString;
  /**
   * Why a file is sent without its content, although it is not ignored: a pattern (see `IgnoreMatcher.isRead`), or
   * because it is a socket.
   */
  readonly sentEmpty: "pattern" | "socket" | undefined;
  readonly stamp: InodeStamp;
}

/** The entry of a node that is not ignored. */
export function toEntry(path: ByteString, node: DiskNode, ignore: IgnoreMatcher): ContextEntry {
  const type = node.type === "socket" ? "file" : node.type;
  const sentEmpty =
    node.type === "socket"
      ? "socket"
      : type === "file" && !ignore.isRead(path)
        ? "pattern"
        : undefined;
  return {
    path,
    type,
    mode: type === "symlink" ? 0o777 : node.mode,
    size: type === "file" && sentEmpty === undefined ? node.size : 0,
    target: targetOf(node),
    sentEmpty,
    stamp: node.stamp,
  };
}

function targetOf({ type, linkTarget, deviceMajor, deviceMinor }: DiskNode): ByteString {
  const isDevice = type === "character" || type === "block";
  return isDevice ? (`${deviceMajor}:${deviceMinor}` as ByteString) : linkTarget;
}

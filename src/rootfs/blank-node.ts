// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import type { Node, NodeType } from "./root-filesystem.ts";

const EMPTY = "" as ByteString;
const NOTHING: ReadonlyMap<ByteString, ByteString> = new Map();

/** A node that is still being filled in. */
export type NodeDraft = { -readonly [Key in keyof Node]: Node[Key] };

/**
 * An empty node, of 0:0, of 1970, without attributes; a new object each time, since a node is an inode. To be
 * filled in by assignments: an object made by a spread takes V8 kilobytes, and there may be one for each entry.
 */
export function makeBlankNode(type: NodeType, mode: number): NodeDraft {
  return {
    type,
    mode,
    uid: 0,
    gid: 0,
    userName: EMPTY,
    groupName: EMPTY,
    mtime: 0,
    mtimeNanoseconds: 0,
    size: 0,
    linkTarget: EMPTY,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: NOTHING,
    extensions: NOTHING,
    contentDigest: undefined,
    head: undefined,
    linkCount: undefined,
  };
}

/** The directory that is there although no layer has an entry for it: 0755, otherwise blank. */
export function makeImpliedDirectory(): Node {
  return makeBlankNode("directory", 0o755);
}

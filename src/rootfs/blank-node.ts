// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import type { Node, NodeType } from "./root-filesystem.ts";

const EMPTY = "" as ByteString;
const NOTHING: ReadonlyMap<ByteString, ByteString> = new Map();

/** A node that is still being filled in. */
export type NodeDraft = { -readonly [Key in keyof Node]: Node[Key] };

/**
 * A new empty node: owner 0:0, time 1970, no attributes. The caller fills it in by assignment: V8 needs
 * kilobytes for an object made by a spread, and there may be one for each entry. Never share a node, since
 * each is an inode.
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

/** A directory that exists only because something is below it, with no entry in any layer: mode 0755, otherwise blank. */
export function makeImpliedDirectory(): Node {
  return makeBlankNode("directory", 0o755);
}

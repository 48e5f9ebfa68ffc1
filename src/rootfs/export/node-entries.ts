// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Entry } from "../../layer/entry.ts";
import { makeEntry } from "../../layer/make-entry.ts";
import type { Node } from "../root-filesystem.ts";

/**
 * The entry of a node at its first path (normalised), and hard links to it at the others. The root is
 * `./`, as in tars of a directory. A socket, which no layer can hold, becomes a fifo: leave sockets out
 * beforehand if that matters.
 */
export function entriesOf(node: Node, paths: readonly ByteString[]): Entry[] {
  const entries = [entryOf(node, paths[0]!)];
  for (let at = 1; at < paths.length; at += 1) {
    entries.push(hardLinkOf(node, paths[at]!, paths[0]!));
  }
  return entries;
}

/** The entry of a node at a path. (Made without a spread, which takes V8 kilobytes an object; there is one for every entry.) */
export function entryOf(node: Node, path: ByteString): Entry {
  const type = node.type === "socket" ? "fifo" : node.type;
  return {
    type,
    path: type === "directory" ? directoryName(path) : nameInLayer(path),
    linkTarget: node.linkTarget,
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    userName: node.userName,
    groupName: node.groupName,
    mtime: node.mtime,
    mtimeNanoseconds: node.mtimeNanoseconds,
    size: node.size,
    deviceMajor: node.deviceMajor,
    deviceMinor: node.deviceMinor,
    xattrs: node.xattrs,
    extensions: node.extensions,
  };
}

/** The entry that makes `path` another name of the node at `target`. */
export function hardLinkOf(node: Node, path: ByteString, target: ByteString): Entry {
  const { mode, uid, gid, userName, groupName, mtime, mtimeNanoseconds } = node;
  return makeEntry({
    type: "hardlink",
    path: nameInLayer(path),
    linkTarget: nameInLayer(target),
    mode,
    uid,
    gid,
    userName,
    groupName,
    mtime,
    mtimeNanoseconds,
  });
}

function nameInLayer(path: ByteString): ByteString {
  return path.slice(1) as ByteString;
}

function directoryName(path: ByteString): ByteString {
  return (path === "/" ? "./" : `${path.slice(1)}/`) as ByteString;
}

// SPDX-License-Identifier: MIT
import type { NodeType } from "../../rootfs/root-filesystem.ts";

// The keywords of tree.mtree are those of mtree(5) in FreeBSD, NetBSD and libarchive. bsdtar stops at the
// first keyword that it does not know, so what mtree has no keyword for is written in comments, which every
// reader skips.

/** The first line. */
export const SIGNATURE = "#mtree v2.0";
/** `#xattr.<name>=<base64>`, after the entry that it belongs to. Without the `#` it is a keyword of go-mtree. */
export const XATTR = "#xattr.";
/** `#pax.<name>=<base64>`, after the entry that it belongs to: a PAX record that no other keyword expresses. */
export const PAX = "#pax.";
/** `#link=<path>`, after the entry of a hard link: the first name of the same file. */
export const LINK = "#link=";
/** `#end <paths>`, the last line; `<paths>` is the number of paths. */
export const END = "#end ";

/** The name that mtree has for each type. */
export const TYPE_WORDS: Readonly<Record<NodeType, string>> = Object.freeze({
  file: "file",
  directory: "dir",
  symlink: "link",
  character: "char",
  block: "block",
  fifo: "fifo",
  socket: "socket",
});

/** The type that each of these names stands for. */
export const WORD_TYPES: ReadonlyMap<string, NodeType> = new Map(
  (Object.entries(TYPE_WORDS) as [NodeType, string][]).map(([type, word]) => [word, type]),
);

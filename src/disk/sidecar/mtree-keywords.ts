// SPDX-License-Identifier: MIT
import type { NodeType } from "../../rootfs/root-filesystem.ts";

// The vocabulary of tree.mtree: mtree(5) as FreeBSD, NetBSD and libarchive have it. bsdtar ends at the
// first keyword that it does not know, so what mtree has no word for stands in comments, which every
// reader passes over.

/** The first line. */
export const SIGNATURE = "#mtree v2.0";
/** `#xattr.<name>=<base64>`, after the entry it belongs to; without the `#` a keyword of go-mtree. */
export const XATTR = "#xattr.";
/** `#pax.<name>=<base64>`, after the entry it belongs to: a PAX record that is nowhere else. */
export const PAX = "#pax.";
/** `#link=<path>`, after a name of a file that has another name before it: that one. */
export const LINK = "#link=";
/** `#end <paths>`, the last line. */
export const END = "#end ";

/** What mtree calls each type. */
export const TYPE_WORDS: Readonly<Record<NodeType, string>> = Object.freeze({
  file: "file",
  directory: "dir",
  symlink: "link",
  character: "char",
  block: "block",
  fifo: "fifo",
  socket: "socket",
});

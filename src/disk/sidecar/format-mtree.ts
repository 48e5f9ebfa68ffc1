// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { digestAlgorithm, digestEncoded } from "../../oci/digest.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { walkFilesystem } from "../../rootfs/walk-filesystem.ts";
import { END, LINK, PAX, SIGNATURE, TYPE_WORDS, XATTR } from "./mtree-keywords.ts";
import { formatVis } from "./vis-encoding.ts";

/** Formats the lines of `tree.mtree`, one entry at a time. The same tree always gives the same lines. */
export interface TreeFormatter {
  /** The lines before the first entry. */
  start(): string;
  entry(path: ByteString, node: Node): string;
  /** The last line. */
  end(): string;
}

/** Starts to format a tree; `names` says which files have several names. */
export function createTreeFormatter(names: ReadonlyMap<Node, number>): TreeFormatter {
  const firsts = new Map<Node, ByteString>();
  let entries = 0;
  return {
    start: () => `${SIGNATURE}\n`,
    entry(path, node) {
      entries += 1;
      const count = names.get(node) ?? 1;
      const first = firsts.get(node);
      if (count > 1 && first === undefined) firsts.set(node, path);
      const more = first === undefined ? formatMaps(node) : `${LINK}${formatPath(first)}\n`;
      return `${formatPath(path)} ${formatKeywords(node, count)}\n${more}`;
    },
    end: () => `${END}${entries}\n`,
  };
}

/** What must be known of a whole tree before its first line is formatted. */
export interface TreeCounts {
  readonly paths: number;
  /** The number of names of each file that has more than one. */
  readonly names: ReadonlyMap<Node, number>;
}

/** Counts the paths of a tree, and the names of each file. */
export function countTree(root: RootFilesystem): TreeCounts {
  const counts = new Map<Node, number>();
  let paths = 0;
  for (const [, node] of walkFilesystem(root)) {
    paths += 1;
    if (node.type !== "directory" && node.linkCount !== 1)
      counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  for (const [node, count] of counts) if (count === 1) counts.delete(node);
  return { paths, names: counts };
}

/** `/` becomes `.`, and every other path starts with `./`. */
function formatPath(path: ByteString): string {
  return path === "/" ? "." : `.${formatVis(path)}`;
}

function formatKeywords(node: Node, names: number): string {
  let text =
    `type=${TYPE_WORDS[node.type]} mode=${node.mode.toString(8).padStart(4, "0")}` +
    ` uid=${node.uid} gid=${node.gid}`;
  if (node.userName !== "") text += ` uname=${formatVis(node.userName)}`;
  if (node.groupName !== "") text += ` gname=${formatVis(node.groupName)}`;
  if (names > 1) text += ` nlink=${names}`;
  if (node.type === "file") text += ` size=${node.size}`;
  // As in a struct timespec: half a second before 1970 is -1.500000000.
  text += ` time=${node.mtime}.${String(node.mtimeNanoseconds).padStart(9, "0")}`;
  if (node.type === "symlink") text += ` link=${formatVis(node.linkTarget)}`;
  if (node.type === "character" || node.type === "block") {
    text += ` device=native,${node.deviceMajor},${node.deviceMinor}`;
  }
  const { contentDigest } = node;
  if (contentDigest !== undefined && digestAlgorithm(contentDigest) === "sha256") {
    text += ` sha256digest=${digestEncoded(contentDigest)}`;
  }
  return text;
}

function formatMaps({ xattrs, extensions }: Node): string {
  if (xattrs.size === 0 && extensions.size === 0) return "";
  return formatMap(XATTR, xattrs) + formatMap(PAX, extensions);
}

function formatMap(prefix: string, map: ReadonlyMap<ByteString, ByteString>): string {
  return [...map.keys()]
    .sort()
    .map((name) => `${prefix}${formatVis(name)}=${formatBase64(map.get(name)!)}\n`)
    .join("");
}

/** Bytes in base64 with padding. */
export function formatBase64(bytes: ByteString): string {
  return Buffer.from(bytes, "latin1").toString("base64");
}

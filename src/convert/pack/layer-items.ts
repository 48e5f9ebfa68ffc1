// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Entry } from "../../layer/entry.ts";
import { makeEntry } from "../../layer/make-entry.ts";
import { nameOf } from "../../layer/path-parts.ts";
import { classifyWhiteout, whiteoutPath } from "../../layer/whiteout.ts";
import { OciError } from "../../oci/errors.ts";
import type { Difference } from "../../rootfs/compare/compare-trees.ts";
import { entryOf, hardLinkOf } from "../../rootfs/export/node-entries.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { walkFilesystem } from "../../rootfs/walk-filesystem.ts";
import type { SkippedPath } from "./pack-options.ts";

/** One item for a layer: what is at a path now, or that what lower layers have at that path is removed. */
export interface LayerItem {
  readonly path: ByteString;
  /** Undefined if the path is removed. */
  readonly node: Node | undefined;
  readonly change: "added" | "changed" | "removed";
}

/** An entry for a layer, and the path that its content is read from. */
export interface PackedEntry {
  readonly entry: Entry;
  /** Only for a file that has content and is not a hard link. */
  readonly contentPath: ByteString | undefined;
}

/** Everything in a directory in walk order: parents first, names sorted by their bytes. */
export function* everything(root: RootFilesystem): Generator<LayerItem> {
  for (const [path, node] of walkFilesystem(root)) yield { path, node, change: "added" };
}

/**
 * The items that turn one tree into the other, in walk order. Anything new or different is included
 * completely. If a directory is gone with its content, one removal is enough. If something else takes a
 * directory's place, there are no removals for the content, because the new entry replaces all of it.
 */
export function* itemsOf(
  differences: readonly Difference[],
  root: RootFilesystem,
): Generator<LayerItem> {
  let gone: ByteString | undefined;
  for (const { path, kind } of differences) {
    if (gone !== undefined && path.startsWith(`${gone}/`)) continue;
    const node = kind === "missing" ? undefined : root.lstat(path);
    if (node?.type !== "directory") gone = path;
    if (node === undefined) yield { path, node, change: "removed" };
    else yield { path, node, change: kind === "unexpected" ? "added" : "changed" };
  }
}

const SOCKET = "a socket is of one machine and one moment: no layer can hold one";

/**
 * Leaves out and reports whatever no layer can hold. If a lower layer has something at such a path, that is
 * removed.
 */
export function* withoutSockets(
  items: Iterable<LayerItem>,
  skipped: SkippedPath[],
): Generator<LayerItem> {
  for (const item of items) {
    if (item.node?.type !== "socket") {
      yield item;
      continue;
    }
    skipped.push({ path: toText(item.path), reason: SOCKET });
    if (item.change === "changed") yield { path: item.path, node: undefined, change: "removed" };
  }
}

/**
 * The entries for the items. If a file has several names, the first is the file and the others are hard
 * links to it.
 * @throws OciError `unsupported-operation` for a name that a layer can't hold because it means a removal
 * there
 */
export function* entriesOfItems(items: Iterable<LayerItem>): Generator<PackedEntry> {
  const firstNames = new Map<Node, ByteString>();
  for (const { path, node } of items) {
    checkName(path, node);
    if (node === undefined) {
      const entry = makeEntry({ type: "file", path: whiteoutPath(path) });
      yield { entry, contentPath: undefined };
    } else if (node.type === "directory") {
      yield { entry: entryOf(node, path), contentPath: undefined };
    } else {
      const first = firstNames.get(node);
      if (first === undefined && node.linkCount !== 1) firstNames.set(node, path);
      const entry = first === undefined ? entryOf(node, path) : hardLinkOf(node, path, first);
      yield { entry, contentPath: entry.size > 0 ? path : undefined };
    }
  }
}

/** A directory may have the name of a whiteout, as far as readers of layers agree on that; nothing else may. */
function checkName(path: ByteString, node: Node | undefined): void {
  if (!path.includes("/.wh.")) return;
  const isDirectory = node?.type === "directory";
  const isLike = nameOf(path).startsWith(".wh.");
  const name = `${path.slice(1)}${isDirectory ? "/" : ""}` as ByteString;
  if (isDirectory ? classifyWhiteout(name) === undefined : !isLike) return;
  const what = node === undefined ? "its removal" : `a ${node.type}`;
  throw new OciError(
    "unsupported-operation",
    `${toText(path)}: expected a name that a layer can hold, got one that means a removal there, for ${what}`,
    { details: { path }, hint: "Rename it, or leave it out." },
  );
}

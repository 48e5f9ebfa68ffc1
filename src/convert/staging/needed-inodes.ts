// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";

/** What has to be made of a tree, each inode once, whatever its names. */
export interface NeededInodes {
  /** The entries of files by layer: their contents have to be read. */
  readonly layers: ReadonlyMap<number, ReadonlySet<number>>;
  /** Of those contents. */
  readonly bytes: number;
  /** Symbolic links, fifos and devices, with the first path of each. */
  readonly special: readonly (readonly [ByteString, Node])[];
  /** How many names an inode gets. One that is not here gets one. */
  readonly names: ReadonlyMap<Node, number>;
}

/** Finds out what has to be made for the paths that `isMade` names. */
export function findNeeded(
  tree: ImageFilesystem,
  isMade: (path: ByteString) => boolean,
): NeededInodes {
  const layers = new Map<number, Set<number>>();
  const special: [ByteString, Node][] = [];
  const names = new Map<Node, number>();
  let bytes = 0;
  for (const [path, node] of tree.paths()) {
    if (node.type === "directory" || !isMade(path)) continue;
    if (node.linkCount !== 1) {
      const count = names.get(node) ?? 0;
      names.set(node, count + 1);
      if (count > 0) continue;
    }
    if (node.type !== "file") {
      special.push([path, node]);
      continue;
    }
    const { layer, entry } = tree.location(node)!;
    let entries = layers.get(layer);
    if (entries === undefined) layers.set(layer, (entries = new Set<number>()));
    entries.add(entry);
    bytes += node.size;
  }
  return { layers, bytes, special, names };
}

/** The first path of each file, by layer and entry. */
export function pathsOfContent(
  tree: ImageFilesystem,
): ReadonlyMap<number, ReadonlyMap<number, ByteString>> {
  const layers = new Map<number, Map<number, ByteString>>();
  for (const [path, node] of tree.paths()) {
    const place = node.type === "file" ? tree.location(node) : undefined;
    if (place === undefined) continue;
    let paths = layers.get(place.layer);
    if (paths === undefined) layers.set(place.layer, (paths = new Map<number, ByteString>()));
    if (!paths.has(place.entry)) paths.set(place.entry, path);
  }
  return layers;
}

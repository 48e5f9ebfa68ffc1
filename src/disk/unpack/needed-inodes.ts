// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { PlacementPlan } from "./unpack-plan.ts";

/** The contents that a plan needs. */
export interface NeededContent {
  /** Entries by layer. */
  readonly layers: ReadonlyMap<number, ReadonlySet<number>>;
  readonly bytes: number;
}

/** Which files' contents have to be read for a plan, each once whatever its names. */
export function findNeededContent(tree: ImageFilesystem, plan: PlacementPlan): NeededContent {
  const layers = new Map<number, Set<number>>();
  let bytes = 0;
  for (const [path, node] of tree.paths()) {
    if (node.type !== "file" || plan.action(path) !== "make") continue;
    const { layer, entry } = tree.location(node)!;
    let entries = layers.get(layer);
    if (entries === undefined) layers.set(layer, (entries = new Set<number>()));
    if (entries.has(entry)) continue;
    entries.add(entry);
    bytes += node.size;
  }
  return { layers, bytes };
}

/** The first path of each file, by layer and entry. */
export function pathsOfContent(
  tree: ImageFilesystem,
): ReadonlyMap<number, ReadonlyMap<number, ByteString>> {
  const layers = new Map<number, Map<number, ByteString>>();
  for (const [path, node] of tree.paths()) {
    const place = locationOfFile(tree, node);
    if (place === undefined) continue;
    let paths = layers.get(place.layer);
    if (paths === undefined) layers.set(place.layer, (paths = new Map<number, ByteString>()));
    if (!paths.has(place.entry)) paths.set(place.entry, path);
  }
  return layers;
}

function locationOfFile(
  tree: ImageFilesystem,
  node: Node,
): ReturnType<ImageFilesystem["location"]> {
  return node.type === "file" ? tree.location(node) : undefined;
}

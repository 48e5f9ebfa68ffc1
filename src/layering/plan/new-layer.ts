// SPDX-License-Identifier: MIT
import { compareByteStrings, type ByteString } from "../../bytes/byte-string.ts";
import type { Entry } from "../../layer/entry.ts";
import { makeEntry } from "../../layer/make-entry.ts";
import { whiteoutPath } from "../../layer/whiteout.ts";
import { entriesOf, entryOf } from "../../rootfs/export/node-entries.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { comparePaths } from "../../rootfs/walk-filesystem.ts";
import type { Component } from "../components/component.ts";
import type { LayerGroup } from "../groups/layer-group.ts";
import { unitBytes, type FileUnit } from "./file-units.ts";

/** A component of which something is in a new layer. */
export interface ComponentShare {
  /** What people know it by. */
  readonly name: string;
  /** Bytes of a tar with its files. */
  readonly bytes: number;
}

/** A layer to be written. */
export interface NewLayer {
  readonly group: LayerGroup;
  /** Directories, and all else without content, in the order in which they are written first. */
  readonly head: readonly Entry[];
  /** Files with content, each with all its names. */
  readonly files: readonly FileUnit[];
  /** Paths that it removes from the layers below. */
  readonly removed: readonly ByteString[];
  /** The largest first. */
  readonly components: readonly ComponentShare[];
  /** Bytes of its tar but for directories. */
  readonly bytes: number;
}

/** What a layer is made of. */
export interface LayerParts {
  readonly group: LayerGroup;
  readonly units: readonly FileUnit[];
  readonly removed: readonly ByteString[];
}

export interface ArrangeOptions {
  readonly componentOf: (unit: FileUnit) => Component;
  /** Directories that keep the times of an earlier image. */
  readonly directories: ReadonlyMap<ByteString, Node>;
}

/**
 * Arranges a layer: whiteouts and all without content sorted by path, directories before what is in them; then the
 * files. Every directory on the way is in it with its final metadata, so that layers say the same of directories that
 * they share, and no layer needs another to be unpacked.
 */
export function arrangeLayer(
  root: ImageFilesystem,
  { group, units, removed }: LayerParts,
  { componentOf, directories }: ArrangeOptions,
): NewLayer {
  const named = new Map<ByteString, readonly Entry[]>();
  const addParents = (path: ByteString): void => {
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      const parent = path.slice(0, slash) as ByteString;
      if (named.has(parent)) return;
      named.set(parent, [entryOf(directories.get(parent) ?? root.lstat(parent)!, parent)]);
    }
  };
  const files: FileUnit[] = [];
  const sizes = new Map<string, number>();
  for (const unit of units) {
    for (const path of unit.paths) addParents(path);
    const bytes = unitBytes(unit);
    if (bytes > 0) add(sizes, componentOf(unit).label, bytes);
    if (unit.node.type === "file" && unit.node.size > 0) files.push(unit);
    else named.set(unit.paths[0]!, entriesOf(unit.node, unit.paths));
  }
  for (const path of removed) {
    addParents(path);
    named.set(`/${whiteoutPath(path)}` as ByteString, [whiteoutOf(path)]);
  }
  const head = [...named].sort(([a], [b]) => comparePaths(a, b)).flatMap(([, entries]) => entries);
  const components = [...sizes].map(([name, bytes]) => ({ name, bytes }));
  components.sort(
    (a, b) => b.bytes - a.bytes || compareByteStrings(a.name as ByteString, b.name as ByteString),
  );
  const bytes = components.reduce((sum, each) => sum + each.bytes, 0);
  return { group, head, files, removed, components, bytes };
}

function whiteoutOf(path: ByteString): Entry {
  return makeEntry({ type: "file", path: whiteoutPath(path), mode: 0 });
}

/** Adds to one of some sums. */
export function add<Name>(sums: Map<Name, number>, name: Name, bytes: number): void {
  sums.set(name, (sums.get(name) ?? 0) + bytes);
}

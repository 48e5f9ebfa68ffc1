// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../src/bytes/byte-string.ts";
import type { Entry } from "../../src/layer/entry.ts";
import { classifyWhiteout } from "../../src/layer/whiteout.ts";
import { normalisePath } from "../../src/layer/normalise.ts";
import type { NodeType } from "../../src/rootfs/root-filesystem.ts";
import type { LayerFiles } from "../../src/testing/build-image.ts";

// What layers do to each other that readers of layers see differently.

/** Layers of an image, the lowest first. */
export type LayerStack = readonly LayerFiles[];

/** What is at each path of a tree. */
export type TypesByPath = ReadonlyMap<string, NodeType>;

/** An entry's path that leads through what is no directory, in a lower layer or in its own. */
export interface Crossing {
  readonly layer: number;
  readonly path: string;
  /** Where the way is barred. */
  readonly at: string;
}

/** What is in a stack of layers, for the list of known differences. */
export interface LayerTraits {
  readonly crossings: readonly Crossing[];
  /** What a layer removes from the layers below and puts something at, or in. */
  readonly renewed: readonly string[];
  /** A whiteout or opaque marker whose directory is reached through a link. */
  readonly hasLinkedMarker: boolean;
  /** A whiteout of something that a later layer has, or has something in. */
  readonly hasReturn: boolean;
  /** Paths that a layer has more than once. */
  readonly twice: ReadonlySet<string>;
  /** Directories that whiteouts and opaque markers are in, and their parents. */
  readonly markedDirectories: ReadonlySet<string>;
  readonly whiteouts: ReadonlySet<string>;
  readonly hasOpaqueRoot: boolean;
  readonly hasSetgidDirectory: boolean;
  /** A hard link in place of a parent of its own target. */
  readonly hasLinkOverTarget: boolean;
}

interface Named {
  readonly layer: number;
  readonly path: string;
  readonly type: string;
  readonly entry: Partial<Entry>;
  /** What it removes, if it is a marker. */
  readonly removes: string | undefined;
  readonly isOpaque: boolean;
}

/** The traits of a stack; `lower` gives the merged tree of the layers below each one. */
export function traitsOf(stack: LayerStack, lower: readonly TypesByPath[]): LayerTraits {
  const named = stack.flatMap((files, layer) =>
    Object.entries(files).map(([key, file]) => nameOf(layer, key, file as Partial<Entry>)),
  );
  const markers = named.filter(({ removes }) => removes !== undefined);
  const whiteouts = markers.filter(({ isOpaque }) => !isOpaque);
  const crossings = named.flatMap((entry) => crossingsOf(entry, named, lower[entry.layer]!));
  return {
    crossings,
    hasLinkedMarker: crossings.some(({ path }) => markers.some((marker) => marker.path === path)),
    renewed: markers
      .filter((marker) =>
        named.some(
          (other) =>
            other !== marker &&
            other.layer === marker.layer &&
            isAtOrBelow(other.path, marker.removes!),
        ),
      )
      .map(({ removes }) => removes!),
    hasReturn: whiteouts.some(({ layer, removes }) =>
      named.some((later) => later.layer > layer && isAtOrBelow(later.path, removes!)),
    ),
    twice: new Set(
      named
        .filter((entry) =>
          named.some(
            (other) => other !== entry && other.layer === entry.layer && other.path === entry.path,
          ),
        )
        .map(({ path }) => path),
    ),
    markedDirectories: new Set(markers.flatMap(({ path }) => parentsOf(path))),
    whiteouts: new Set(whiteouts.map(({ removes }) => removes!)),
    hasOpaqueRoot: markers.some(({ isOpaque, removes }) => isOpaque && removes === "/"),
    hasSetgidDirectory: named.some(
      ({ type, entry }) => type === "directory" && ((entry.mode ?? 0) & 0o2000) !== 0,
    ),
    hasLinkOverTarget: named.some(
      ({ type, path, entry }) => type === "hardlink" && targetOf(entry).startsWith(`${path}/`),
    ),
  };
}

function nameOf(layer: number, key: string, entry: Partial<Entry>): Named {
  const path = entry.path ?? fromText(key);
  const whiteout = classifyWhiteout(path);
  return {
    layer,
    path: normalisePath(path),
    type: entry.type ?? (path.endsWith("/") ? "directory" : "file"),
    entry,
    removes: whiteout?.path,
    isOpaque: whiteout?.kind === "opaque",
  };
}

/** Whether a path is another one, or below it. */
export function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

function targetOf({ linkTarget }: Partial<Entry>): string {
  return normalisePath(linkTarget ?? ("" as ByteString));
}

/** `/a/b/c` gives `/a` and `/a/b`. */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) {
    parents.push(path.slice(0, at));
  }
  return parents;
}

function crossingsOf(entry: Named, named: readonly Named[], lower: TypesByPath): Crossing[] {
  const { layer, path } = entry;
  const own = named.filter((other) => other.layer === layer);
  return [
    ...parentsOf(path),
    ...(entry.type === "hardlink" ? parentsOf(targetOf(entry.entry)) : []),
  ]
    .filter((parent) => {
      const below = lower.get(parent);
      if (below !== undefined && below !== "directory") return true;
      return own.some((other) => other.path === parent && other.type !== "directory");
    })
    .map((at) => ({ layer, path, at }));
}

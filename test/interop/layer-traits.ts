// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../src/bytes/byte-string.ts";
import type { Entry } from "../../src/layer/entry.ts";
import { classifyWhiteout } from "../../src/layer/whiteout.ts";
import { normalisePath } from "../../src/layer/normalise-path.ts";
import type { NodeType } from "../../src/rootfs/root-filesystem.ts";
import type { LayerFiles } from "../../src/testing/build-image.ts";

// Finds what layers do to each other that programs treat differently.

/** The layers of an image, the lowest first. */
export type LayerStack = readonly LayerFiles[];

/** The type of every path in a tree. */
export type TypesByPath = ReadonlyMap<string, NodeType>;

/** An entry whose path leads through something that is not a directory, in a lower layer or in its own. */
export interface Crossing {
  readonly layer: number;
  readonly path: string;
  /** The path that is not a directory. */
  readonly at: string;
}

/** What a stack of layers contains, to decide which known differences may occur. */
export interface LayerTraits {
  readonly crossings: readonly Crossing[];
  /** Paths that one layer both removes from the layers below and creates (or creates something in). */
  readonly renewed: readonly string[];
  /** Whether a whiteout or opaque marker is in a directory that is reached through a link. */
  readonly hasLinkedMarker: boolean;
  /** Whether a layer has, or has something in, a path that an earlier layer removed. */
  readonly hasReturn: boolean;
  /** Paths that a layer has more than once. */
  readonly twice: ReadonlySet<string>;
  /** Directories that contain whiteouts or opaque markers, and the parents of these directories. */
  readonly markedDirectories: ReadonlySet<string>;
  readonly whiteouts: ReadonlySet<string>;
  readonly hasOpaqueRoot: boolean;
  readonly hasSetgidDirectory: boolean;
  /** Whether a hard link replaces a parent directory of its own target. */
  readonly hasLinkOverTarget: boolean;
}

interface Named {
  readonly layer: number;
  readonly path: string;
  readonly type: string;
  readonly entry: Partial<Entry>;
  /** The path that the entry removes, if it is a whiteout. */
  readonly removes: string | undefined;
  readonly isOpaque: boolean;
}

/** The traits of a stack; `lower` gives, for each layer, the merged tree of the layers below it. */
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

/** Whether a path is `directory` or below it. */
export function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

function targetOf({ linkTarget }: Partial<Entry>): string {
  return normalisePath(linkTarget ?? ("" as ByteString));
}

/** The parents of a path: `/a/b/c` gives `/a` and `/a/b`. */
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

// SPDX-License-Identifier: MIT
import { type ByteString, compareByteStrings } from "../../bytes/byte-string.ts";
import type { Entry } from "../../layer/entry.ts";
import { makeEntry } from "../../layer/make-entry.ts";
import { opaquePath, whiteoutPath } from "../../layer/whiteout.ts";
import { OciError } from "../../oci/errors.ts";
import { entriesOf } from "../../rootfs/export/node-entries.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { LayerPlan } from "../steps/layer-draft.ts";
import {
  type ArtifactTree,
  type PlannedEntry,
  changeNode,
  sameMetadata,
} from "../steps/planned-entry.ts";
import { ancestorsOf, quotePath } from "../recipe/recipe-path.ts";

/**
 * A layer in the order of its tar, which depends on the recipe and the artifacts alone: whiteouts and
 * all entries without content by their paths; the files that the recipe makes by theirs; then what is
 * copied, by artifact name, and within an artifact as it lies there (layer, entry). What is a hard link
 * of a file follows right behind it.
 */
export interface ArrangedLayer {
  readonly name: string;
  readonly head: readonly HeadEntry[];
  readonly parts: readonly LayerPart[];
  readonly entries: number;
  /** Of file contents. */
  readonly bytes: number;
}

/** An entry that can be written without any artifact. */
export interface HeadEntry {
  readonly entry: Entry;
  readonly content: Uint8Array | undefined;
}

/** The files that a layer gets from one pass over one layer of an artifact, or over a plain directory. */
export interface LayerPart {
  readonly tree: ArtifactTree;
  /** The artifact's layer; 0 for a plain directory. */
  readonly layer: number;
  /** More than 0 for contents that the layer has more than once without being hard links. */
  readonly round: number;
  /** Sorted by {@link CopiedFile.ordinal}, each of which occurs once. */
  readonly files: readonly CopiedFile[];
}

export interface CopiedFile {
  /** Which of the entries of the artifact's layer holds the content; in a plain directory any order. */
  readonly ordinal: number;
  /** Its path in the artifact. */
  readonly source: ByteString;
  readonly node: Node;
  /** Where it goes; those after the first are hard links to it. */
  readonly paths: readonly ByteString[];
}

/** One inode of the new layer with its names. */
interface Group {
  readonly entry: PlannedEntry;
  readonly paths: ByteString[];
  /** The artifact's names of it, where it has several. */
  readonly sources: Set<ByteString> | undefined;
}

/**
 * Arranges a planned layer. What we make ourselves gets the time `sourceDateEpoch`, else the newest of
 * what the layer copies, else 1970.
 */
export function arrangeLayer(plan: LayerPlan, sourceDateEpoch: number | undefined): ArrangedLayer {
  const time = timeOf(plan, sourceDateEpoch);
  const head: HeadEntry[] = [];
  const files: HeadEntry[] = [];
  const copied: Group[] = [];
  for (const group of groupsOf(plan)) {
    const { entry, paths } = group;
    if (entry.copied !== undefined && entry.node.size > 0) {
      copied.push(group);
      continue;
    }
    const node = entry.copied === undefined ? changeNode(entry.node, time) : entry.node;
    const content = entry.content?.length ? entry.content : undefined;
    const list = content === undefined ? head : files;
    for (const each of entriesOf(node, paths)) list.push({ entry: each, content });
  }
  head.push(...whiteoutsOf(plan, time));
  head.sort(byPath);
  return {
    name: plan.name,
    head: [...head, ...files],
    parts: partsOf(plan.name, copied),
    entries: head.length + files.length + copied.reduce((sum, { paths }) => sum + paths.length, 0),
    bytes:
      files.reduce((sum, { entry }) => sum + entry.size, 0) +
      copied.reduce((sum, { entry }) => sum + entry.node.size, 0),
  };
}

type Time = Pick<Node, "mtime" | "mtimeNanoseconds">;

function timeOf(plan: LayerPlan, sourceDateEpoch: number | undefined): Time {
  if (sourceDateEpoch !== undefined) return { mtime: sourceDateEpoch, mtimeNanoseconds: 0 };
  let newest: Time | undefined;
  for (const { copied, node } of plan.entries.values()) {
    if (copied === undefined) continue;
    const { mtime, mtimeNanoseconds } = node;
    const later =
      newest === undefined ||
      mtime > newest.mtime ||
      (mtime === newest.mtime && mtimeNanoseconds > newest.mtimeNanoseconds);
    if (later) newest = { mtime, mtimeNanoseconds };
  }
  return newest ?? { mtime: 0, mtimeNanoseconds: 0 };
}

/** The inodes of the layer, in order of their first paths. Hard links stay together where both ends came along. */
function groupsOf(plan: LayerPlan): Group[] {
  const groups: Group[] = [];
  const shared = sharedNodes(plan);
  for (const path of [...plan.entries.keys()].sort(compareByteStrings)) {
    const entry = plan.entries.get(path)!;
    const source = entry.copied?.path;
    const known = entry.copied && shared.get(entry.copied.node);
    // the same name copied to two places makes two files, as cp does
    const group = known?.find(
      (other) => !other.sources?.has(source!) && sameMetadata(other.entry.node, entry.node),
    );
    if (group !== undefined) {
      group.paths.push(path);
      group.sources?.add(source!);
    } else {
      const started = { entry, paths: [path], sources: known && new Set([source!]) };
      groups.push(started);
      known?.push(started);
    }
  }
  return groups;
}

/** The nodes that more than one path of the layer is copied from, each with no group yet. */
function sharedNodes(plan: LayerPlan): Map<Node, Group[]> {
  const seen = new Set<Node>();
  const shared = new Map<Node, Group[]>();
  for (const { copied } of plan.entries.values()) {
    if (copied === undefined || copied.node.type === "directory") continue;
    if (seen.has(copied.node)) shared.set(copied.node, []);
    else seen.add(copied.node);
  }
  return shared;
}

function* whiteoutsOf(plan: LayerPlan, time: Time): Generator<HeadEntry> {
  for (const path of plan.removed) {
    if (ancestorsOf(path).some((above) => plan.removed.has(above))) continue;
    const type = plan.entries.get(path)?.node.type;
    if (type !== undefined && type !== "directory") continue; // what is there now replaces it
    const name = type === undefined ? whiteoutPath(path) : opaquePath(path);
    yield { entry: makeEntry({ type: "file", path: name, ...time }), content: undefined };
  }
}

function byPath(a: HeadEntry, b: HeadEntry): number {
  const [first, second] = [positionOf(a.entry), positionOf(b.entry)];
  return compareByteStrings(first, second);
}

/** A hard link is placed behind what it links to, all else by its path. */
function positionOf(entry: Entry): ByteString {
  const { path, type, linkTarget } = entry;
  if (type === "hardlink") return `${linkTarget}\0${path}` as ByteString;
  return (type === "directory" ? path.slice(0, -1) : path) as ByteString;
}

function partsOf(layer: string, groups: readonly Group[]): LayerPart[] {
  const parts = new Map<string, { part: LayerPart; files: CopiedFile[] }>();
  const rounds = new Map<Node, number>();
  for (const { entry, paths } of groups) {
    const { tree, path, node } = entry.copied!;
    const place = locate(layer, tree, path, node);
    const round = rounds.get(node) ?? 0;
    rounds.set(node, round + 1);
    const key = `${tree.name}\0${place.layer}\0${round}`;
    let known = parts.get(key);
    if (known === undefined) {
      const files: CopiedFile[] = [];
      known = { part: { tree, layer: place.layer, round, files }, files };
      parts.set(key, known);
    }
    known.files.push({ ordinal: place.entry, source: path, node: entry.node, paths });
  }
  for (const { files } of parts.values()) {
    files.sort((a, b) => a.ordinal - b.ordinal || compareByteStrings(a.source, b.source));
  }
  return [...parts.values()].map(({ part }) => part).sort(compareParts);
}

/** The order in which artifacts are read, the same for all layers. */
export function compareParts(a: LayerPart, b: LayerPart): number {
  if (a.tree.name !== b.tree.name) return a.tree.name < b.tree.name ? -1 : 1;
  return a.layer - b.layer || a.round - b.round;
}

function locate(
  layer: string,
  tree: ArtifactTree,
  path: ByteString,
  node: Node,
): { readonly layer: number; readonly entry: number } {
  if (tree.image === undefined) return { layer: 0, entry: 0 };
  const place = tree.image.location(node);
  if (place !== undefined) return place;
  throw new OciError(
    "unreadable",
    `layer ${layer}: ${tree.root.name}: ${quotePath(path)}: expected to know which layer holds its content`,
  );
}

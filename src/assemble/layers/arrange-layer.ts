// SPDX-License-Identifier: MIT
import { type ByteString, compareByteStrings } from "../../bytes/byte-string.ts";
import type { Entry } from "../../layer/entry.ts";
import { makeEntry } from "../../layer/make-entry.ts";
import { opaquePath, whiteoutPath } from "../../layer/whiteout.ts";
import { OciError } from "../../oci/errors.ts";
import { entriesOf } from "../../rootfs/export/node-entries.ts";
import {
  createContentPlanner,
  type ContentLocation,
  type ContentPlan,
  type ContentPlanner,
} from "../../rootfs/contents/content-plan.ts";
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
 * A layer in the order of its tar. The order depends on the recipe and the artifacts alone. First come
 * whiteouts and all entries without content, sorted by path; then the files that the recipe itself writes,
 * sorted by path; then copied files by artifact name and, within an artifact, by their position there
 * (layer, entry). Hard links come directly after their file.
 */
export interface ArrangedLayer {
  readonly name: string;
  readonly head: readonly HeadEntry[];
  readonly parts: readonly LayerPart[];
  readonly entries: number;
  /** Total bytes of file contents. */
  readonly bytes: number;
}

/** An entry that can be written without reading an artifact. */
export interface HeadEntry {
  readonly entry: Entry;
  readonly content: Uint8Array | undefined;
}

/** What a layer gets from one artifact, in the order in which the artifact's layers hold it. */
export interface LayerPart {
  readonly tree: ArtifactTree;
  /** For a plain directory, everything counts as one layer and one entry, sorted by path. */
  readonly contents: ContentPlan<CopiedFile>;
}

export interface CopiedFile {
  /** The file's path in the artifact. */
  readonly source: ByteString;
  readonly node: Node;
  /** The destinations. The first is the file; the others are hard links to it. */
  readonly paths: readonly ByteString[];
}

/** The files of a part, in their order in the tar. */
export function filesOf({ contents }: LayerPart): readonly CopiedFile[] {
  return contents.passes.flatMap(({ wants }) => wants);
}

/** One inode of the new layer with all its names. */
interface Group {
  readonly entry: PlannedEntry;
  readonly paths: ByteString[];
  /** The inode's names in the artifact, if there are several. */
  readonly sources: Set<ByteString> | undefined;
}

/**
 * Arranges a planned layer. Entries that we make ourselves get the time `sourceDateEpoch`; without it, the
 * newest time of anything the layer copies, or else 1970.
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

/** The time of what the recipe makes in a layer. */
export function timeOf(plan: LayerPlan, sourceDateEpoch: number | undefined): Time {
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

/** The inodes of the layer, sorted by first path. Hard links stay together if both names were copied. */
function groupsOf(plan: LayerPlan): Group[] {
  const groups: Group[] = [];
  const shared = sharedNodes(plan);
  for (const path of [...plan.entries.keys()].sort(compareByteStrings)) {
    const entry = plan.entries.get(path)!;
    const source = entry.copied?.path;
    const known = entry.copied && shared.get(entry.copied.node);
    // one name copied to two places makes two files, as with cp
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

/** The nodes that are copied to more than one path of the layer, each with an empty list of groups. */
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
    if (type !== undefined && type !== "directory") continue; // the new entry replaces the old one anyway
    const name = type === undefined ? whiteoutPath(path) : opaquePath(path);
    yield { entry: makeEntry({ type: "file", path: name, ...time }), content: undefined };
  }
}

function byPath(a: HeadEntry, b: HeadEntry): number {
  const [first, second] = [positionOf(a.entry), positionOf(b.entry)];
  return compareByteStrings(first, second);
}

/** A hard link is placed behind its target; everything else is placed by its own path. */
function positionOf(entry: Entry): ByteString {
  const { path, type, linkTarget } = entry;
  if (type === "hardlink") return `${linkTarget}\0${path}` as ByteString;
  return (type === "directory" ? path.slice(0, -1) : path) as ByteString;
}

/**
 * Splits the copied files into passes over the artifact. A tar is written one file after the other, so
 * content that the layer holds twice without being hard links has to be read again, in another pass.
 */
function partsOf(layer: string, groups: readonly Group[]): LayerPart[] {
  const planners = new Map<ArtifactTree, ContentPlanner<CopiedFile>>();
  for (const { group, round } of inRounds(groups)) {
    const { entry, paths } = group;
    const { tree, path, node } = entry.copied!;
    let planner = planners.get(tree);
    if (planner === undefined) planners.set(tree, (planner = createContentPlanner<CopiedFile>()));
    const file = { source: path, node: entry.node, paths };
    planner.add(locate(layer, tree, path, node), file, node.size, round);
  }
  return [...planners]
    .map(([tree, planner]) => ({ tree, contents: planner.plan() }))
    .sort((a, b) => (a.tree.name < b.tree.name ? -1 : 1));
}

/** Pairs each group with the number of earlier groups that have the same content, sorted by path in the artifact. */
function inRounds(groups: readonly Group[]): { readonly group: Group; readonly round: number }[] {
  const rounds = new Map<Node, number>();
  const numbered = groups.map((group) => {
    const { node } = group.entry.copied!;
    const round = rounds.get(node) ?? 0;
    rounds.set(node, round + 1);
    return { group, round };
  });
  const sourceOf = (group: Group): ByteString => group.entry.copied!.path;
  return numbered.sort((a, b) => compareByteStrings(sourceOf(a.group), sourceOf(b.group)));
}

function locate(layer: string, tree: ArtifactTree, path: ByteString, node: Node): ContentLocation {
  if (tree.image === undefined) return { layer: 0, entry: 0 };
  const place = tree.image.location(node);
  if (place !== undefined) return place;
  throw new OciError(
    "unreadable",
    `layer ${layer}: ${tree.root.name}: ${quotePath(path)}: expected to know which layer holds its content`,
  );
}

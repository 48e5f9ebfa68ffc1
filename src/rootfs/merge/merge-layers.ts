// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { limitExceeded, withLimits, type Limits } from "../../oci/limits.ts";
import { makeImpliedDirectory } from "../blank-node.ts";
import { RECORD_TYPES, type LayerIndex } from "../layer-index/layer-index.ts";
import { LayerNode, type StackedLayer } from "./layer-node.ts";
import { TreeDirectory, walkDirectories, type TreeItem } from "./merged-tree.ts";

export interface MergeOptions {
  readonly limits?: Partial<Limits> | undefined;
  /** Called after each layer with the tree as it is then. The tree changes with the next layer. */
  readonly onLayer?: ((layer: number, tree: TreeDirectory) => void) | undefined;
  /** The number of the first of the layers in its image (default 0). */
  readonly lowest?: number | undefined;
}

/**
 * How many bytes of link targets may be followed in a layer; each of its records adds to that. Forty
 * targets of 64 KiB, followed for each of a million files, would take days.
 */
const FOLLOWED_FLOOR = 16 * 1024 * 1024;
const FOLLOWED_EACH = 256;

/** How many rounds are made to resolve hard links that come before their targets. */
const PASSES = 40;

/**
 * Merges the layers of an image, the lowest first. The result is what extracting them one over the other
 * into a directory gives, with no link leading out of it (image-spec, layer.md, "Applying Changesets").
 * Whiteouts affect only the layers below, wherever in their layer they are. Of two entries with one path the
 * last wins. A hard link shares the node of its target, which may also come later in the layer.
 * @throws OciError `invalid-layer` for a hard link whose target is missing or a directory; `link-loop`;
 * `limit-exceeded` when following links would take too long
 */
export function mergeLayers(
  layers: readonly LayerIndex[],
  options: MergeOptions = {},
): TreeDirectory {
  const root = new TreeDirectory(makeImpliedDirectory());
  const { linkHops } = withLimits(options.limits);
  for (const [at, index] of layers.entries()) {
    const number = (options.lowest ?? 0) + at;
    applyLayer(root, { number, index, linked: new Set() }, { linkHops });
    options.onLayer?.(number, root);
  }
  return root;
}

/** Options of {@link treeOfLayer}. */
export interface LayerTreeOptions extends Pick<MergeOptions, "limits"> {
  /** What the layers below have at a path: where a hard link leads that has no target in the layer itself. */
  readonly findBelow?: ((path: ByteString) => TreeItem | undefined) | undefined;
}

/**
 * The tree of one layer alone, as if there were none below it. Its whiteouts remove nothing, and are not in it.
 * @param number the layer's number in its image, which its nodes keep
 * @throws OciError as {@link mergeLayers}
 */
export function treeOfLayer(
  index: LayerIndex,
  number: number,
  { limits, findBelow }: LayerTreeOptions = {},
): TreeDirectory {
  const root = new TreeDirectory(makeImpliedDirectory());
  const { linkHops } = withLimits(limits);
  applyLayer(root, { number, index, linked: new Set() }, { linkHops, findBelow });
  return root;
}

interface Application {
  readonly root: TreeDirectory;
  readonly layer: StackedLayer;
  readonly linkHops: number;
  readonly findBelow: LayerTreeOptions["findBelow"];
  /** Counts the bytes of followed targets. @throws OciError `limit-exceeded` */
  readonly onFollow: (target: ByteString) => void;
  /** Where the index's directories are in the tree; valid until a directory or a link is replaced. */
  found: (TreeDirectory | undefined)[];
}

function applyLayer(
  root: TreeDirectory,
  layer: StackedLayer,
  { linkHops, findBelow }: { readonly linkHops: number } & Pick<LayerTreeOptions, "findBelow">,
): void {
  const onFollow = boundFollowing(layer);
  const application: Application = { root, layer, linkHops, findBelow, onFollow, found: [] };
  removeFromLower(application);
  application.found = [];
  const later: number[] = [];
  for (let record = 0; record < layer.index.counts.records; record += 1) {
    if (!applyRecord(application, record)) later.push(record);
  }
  if (later.length > 0) linkLater(application, later);
}

function boundFollowing({ number, index }: StackedLayer): (target: ByteString) => void {
  const most = FOLLOWED_FLOOR + FOLLOWED_EACH * index.counts.records;
  let followed = 0;
  return (target) => {
    followed += target.length;
    if (followed <= most) return;
    throw limitExceeded({
      what: `layer ${number}`,
      allowed: most,
      unit: "bytes of targets of links on the way to its entries",
      details: { layer: number },
    });
  };
}

/**
 * Applies whiteouts and opaque directories. All are looked up before any is applied, because their order
 * has no meaning. Where the layer itself replaces a lower layer's link by a directory, they apply to that
 * directory and spare what the link leads to (overlayfs marks such a directory as opaque).
 */
function removeFromLower(application: Application): void {
  const { index } = application.layer;
  const { removalDirectory, removalName } = index.columns;
  if (removalDirectory.length === 0) return;
  const stated = statedDirectories(index);
  const removals: [TreeDirectory, ByteString][] = [];
  for (const [at, id] of removalDirectory.entries()) {
    const directory = currentDirectory(application, id, { create: false, stated });
    if (directory !== undefined) removals.push([directory, index.string(removalName[at]!)]);
  }
  for (const [directory, name] of removals) {
    if (name === "") directory.children.clear();
    else directory.children.delete(name);
  }
}

/** The keys of the directories that a layer has entries for. */
function statedDirectories(index: LayerIndex): ReadonlySet<string> {
  const { type, directory, name } = index.columns;
  const stated = new Set<string>();
  for (const [record, code] of type.entries()) {
    if (RECORD_TYPES[code] === "directory") stated.add(`${directory[record]!}/${name[record]!}`);
  }
  return stated;
}

/** Puts a record into the tree. Returns false for a hard link whose target is not there yet. */
function applyRecord(application: Application, record: number): boolean {
  const { layer, root } = application;
  const { columns } = layer.index;
  const name = layer.index.string(columns.name[record]!);
  const type = RECORD_TYPES[columns.type[record]!]!;
  if (name === "") {
    root.node = new LayerNode(layer, record);
    return true;
  }
  const parent = currentDirectory(application, columns.directory[record]!, { create: true })!;
  const existing = parent.children.get(name);
  if (type === "directory") {
    const node = new LayerNode(layer, record);
    if (existing instanceof TreeDirectory) existing.node = node;
    else replace(application, parent, name, new TreeDirectory(node, parent));
    return true;
  }
  const item = type === "hardlink" ? findTarget(application, record) : new LayerNode(layer, record);
  if (item === undefined) return false;
  replace(application, parent, name, item);
  return true;
}

function replace(
  application: Application,
  parent: TreeDirectory,
  name: ByteString,
  item: TreeItem,
): void {
  const existing = parent.children.get(name);
  if (existing instanceof TreeDirectory || existing?.type === "symlink") application.found = [];
  parent.children.set(name, item);
}

interface ImpliedOptions {
  readonly create: boolean;
  /** Directories that the layer itself has entries for: a lower layer's link in their place is not followed. */
  readonly stated?: ReadonlySet<string>;
}

/** The directory of the tree that a directory of the index now stands for, links followed. */
function currentDirectory(
  { root, layer, linkHops, onFollow, found }: Application,
  id: number,
  { create, stated }: ImpliedOptions,
): TreeDirectory | undefined {
  const { directoryParent, directoryName } = layer.index.columns;
  const missing: number[] = [];
  let known = id;
  while (known !== 0 && found[known] === undefined) {
    missing.push(known);
    known = directoryParent[known]!;
  }
  let directory = known === 0 ? root : found[known]!;
  for (const next of missing.reverse()) {
    const name = layer.index.string(directoryName[next]!);
    const isOwn = stated?.has(`${directoryParent[next]!}/${directoryName[next]!}`);
    if (isOwn && !(directory.children.get(name) instanceof TreeDirectory)) return undefined;
    const child = walkDirectories(directory, [name], { create, linkHops, onFollow });
    if (child === undefined) return undefined;
    directory = found[next] = child;
  }
  return directory;
}

/** The node that a hard link shares. Links are followed in its target, except in the last component. */
function findTarget(
  { root, layer, linkHops, onFollow }: Application,
  record: number,
): TreeItem | undefined {
  const { index } = layer;
  const target = index.string(index.columns.link[record]!);
  const slash = target.lastIndexOf("/");
  const names = target.slice(0, slash).split("/") as ByteString[];
  const directory = walkDirectories(root, names, { create: false, linkHops, onFollow });
  const item = directory?.children.get(target.slice(slash + 1) as ByteString);
  if (target === "/" || item instanceof TreeDirectory) {
    throw invalidLink(layer, record, "a directory");
  }
  if (item instanceof LayerNode) item.layer.linked.add(item.record);
  return item;
}

/** Resolves hard links that came before their targets, unless a later entry replaced their path. */
function linkLater(application: Application, records: readonly number[]): void {
  const { layer } = application;
  const last = lastRecords(layer.index);
  let waiting = records.filter((record) => last.get(pathKey(layer.index, record)) === record);
  for (let pass = 0; waiting.length > 0 && pass < PASSES; pass += 1) {
    // Last to first, because a link to a link is usually written before it.
    waiting = waiting.reverse().filter((record) => !applyRecord(application, record));
  }
  const [lost] = waiting.filter((record) => !linkBelow(application, record));
  if (lost !== undefined) throw invalidLink(layer, lost, "nothing");
}

/** Puts a hard link into the tree whose target is in a layer below. Returns false when it is not there either. */
function linkBelow(application: Application, record: number): boolean {
  const { layer, findBelow } = application;
  const { columns, string } = layer.index;
  const item = findBelow?.(string(columns.link[record]!));
  if (item === undefined || item instanceof TreeDirectory) return false;
  const parent = currentDirectory(application, columns.directory[record]!, { create: true })!;
  replace(application, parent, string(columns.name[record]!), item);
  return true;
}

function lastRecords(index: LayerIndex): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (let record = 0; record < index.counts.records; record += 1) {
    last.set(pathKey(index, record), record);
  }
  return last;
}

function pathKey({ columns }: LayerIndex, record: number): string {
  return `${columns.directory[record]!}/${columns.name[record]!}`;
}

function invalidLink({ number, index }: StackedLayer, record: number, got: string): OciError {
  const { columns } = index;
  const target = index.string(columns.link[record]!);
  const name = index.string(columns.name[record]!);
  return new OciError(
    "invalid-layer",
    `layer ${number}: hard link "${toText(name)}": expected a file at ${toText(target)}, got ${got}`,
    { details: { layer: number, entry: columns.ordinal[record], target } },
  );
}

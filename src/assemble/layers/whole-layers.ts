// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { isOciError } from "../../oci/errors.ts";
import { compareNodes } from "../../rootfs/compare/compare-nodes.ts";
import { makeImageFilesystem, type ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import { LayerNode } from "../../rootfs/merge/layer-node.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { ancestorsOf } from "../recipe/recipe-path.ts";
import type { LayerPlan } from "../steps/layer-draft.ts";
import type { LookBelow } from "../steps/look-below.ts";
import { sameMetadata, type ArtifactTree, type PlannedEntry } from "../steps/planned-entry.ts";

/** Layers of an artifact that together are what a layer of the recipe would be. */
export interface WholeLayers {
  readonly tree: ArtifactTree;
  /** The lowest first. */
  readonly layers: readonly WholeLayer[];
}

/** A layer of an artifact. */
export interface WholeLayer {
  /** Its number in the artifact, from 0, the lowest. */
  readonly number: number;
  readonly entries: number;
  /** Total bytes of file contents. */
  readonly bytes: number;
}

/**
 * Finds the layers of an artifact that can take a planned layer's place. All that they hold is what the plan copies,
 * at the same paths and unchanged, and no layer above them in the artifact touches it. Of the directories on the way
 * there only the times may be others than the plan's, or than those of what is below.
 */
export function findWholeLayers(plan: LayerPlan, below: LookBelow): WholeLayers | undefined {
  const tree = onlySource(plan);
  if (tree?.image === undefined) return undefined;
  const indexes = layersOf(plan);
  if (indexes === undefined || indexes.size === 0) return undefined;
  const layers = [...indexes].sort(([a], [b]) => a - b);
  const alone = treeOf(
    tree.image,
    layers.map(([, index]) => index),
  );
  if (alone === undefined || !isAll(plan, alone, below)) return undefined;
  return { tree, layers: layers.map(([number, index]) => ({ number, ...measure(index) })) };
}

function measure({ counts, columns }: LayerIndex): Omit<WholeLayer, "number"> {
  return { entries: counts.records, bytes: columns.size.reduce((sum, bytes) => sum + bytes, 0) };
}

/** The artifact, if everything is copied from it unchanged to the paths that it has there. */
function onlySource(plan: LayerPlan): ArtifactTree | undefined {
  if (plan.removed.size > 0) return undefined;
  let tree: ArtifactTree | undefined;
  for (const [path, { node, copied }] of plan.entries) {
    if (copied === undefined || copied.path !== path) return undefined;
    tree ??= copied.tree;
    if (copied.tree !== tree || !sameMetadata(node, copied.node)) return undefined;
  }
  return tree;
}

/** The layers that hold what is copied. Undefined where no layer says what a directory is. */
function layersOf(plan: LayerPlan): ReadonlyMap<number, LayerIndex> | undefined {
  const indexes = new Map<number, LayerIndex>();
  for (const { copied, implied } of plan.entries.values()) {
    if (implied) continue;
    const node = copied!.node;
    if (!(node instanceof LayerNode)) return undefined;
    if (node.layer.index.counts.removals > 0) return undefined;
    indexes.set(node.layer.number, node.layer.index);
  }
  return indexes;
}

/** The tree of the layers without the others. Undefined where they link to a file in another. */
function treeOf(
  { image, limits }: ImageFilesystem,
  indexes: readonly LayerIndex[],
): ImageFilesystem | undefined {
  try {
    return makeImageFilesystem(image, indexes, { limits });
  } catch (error) {
    if (isOciError(error, "invalid-layer", "link-loop")) return undefined;
    throw error;
  }
}

function isAll(plan: LayerPlan, alone: ImageFilesystem, below: LookBelow): boolean {
  const above = directoriesAbove(plan);
  let found = 0;
  for (const [path, node] of alone.paths()) {
    const entry = plan.entries.get(path);
    if (entry !== undefined) found += 1;
    const isSame =
      entry === undefined || entry.implied
        ? above.has(path) && isWay(path, node, entry, below)
        : isSameRecord(node, entry.copied!.node);
    if (!isSame) return false;
  }
  return found === plan.entries.size;
}

/** All directories above what a plan names. */
function directoriesAbove(plan: LayerPlan): ReadonlySet<string> {
  const above = new Set<string>(["/"]);
  for (const path of plan.entries.keys()) {
    for (const each of ancestorsOf(path).reverse()) {
      if (above.has(each)) break;
      above.add(each);
    }
  }
  return above;
}

/** Whether a directory on the way is, but for its times, the one that the image would have without these layers. */
function isWay(
  path: ByteString,
  node: Node,
  entry: PlannedEntry | undefined,
  below: LookBelow,
): boolean {
  // Where no layer says what it is, the image has it from below, or nobody does.
  if (!(node instanceof LayerNode)) return entry === undefined;
  const expected = entry?.node ?? below(path);
  if (expected === undefined) return false;
  return compareNodes(path, expected, node, { ignore: ["time"] }).fields.length === 0;
}

/** Whether two nodes are one record of one layer. */
function isSameRecord(node: Node, other: Node): boolean {
  return (
    node instanceof LayerNode &&
    other instanceof LayerNode &&
    node.layer.index === other.layer.index &&
    node.record === other.record
  );
}

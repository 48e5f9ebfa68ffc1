// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import type { Image } from "../../image/image.ts";
import { opaquePath, whiteoutPath } from "../../layer/whiteout.ts";
import { OciError } from "../../oci/errors.ts";
import { withLimits } from "../../oci/limits.ts";
import { makeBlankNode } from "../blank-node.ts";
import { nameImage } from "../contents/open-layer-tar.ts";
import { viewTree, type ImageFilesystem } from "../image-filesystem.ts";
import { indexLayers, type IndexLayersOptions } from "../layer-index/image-indexes.ts";
import { RECORD_TYPES, type LayerIndex } from "../layer-index/layer-index.ts";
import { mergeLayers, treeOfLayer, type LayerTreeOptions } from "../merge/merge-layers.ts";
import { findItem, walkDirectories, type TreeDirectory } from "../merge/merged-tree.ts";
import type { Node } from "../root-filesystem.ts";

const NOTHING = new Uint8Array();

/** One layer as a filesystem of its own, whiteouts included: empty files with the names that they have in the layer. */
export interface LayerFilesystem extends ImageFilesystem {
  /** The layer's number in the image, from 0, the lowest. */
  readonly layer: number;
  /**
   * What a whiteout removes from the layers below: a path, or all that is in a directory (then the path ends
   * with `/`). Undefined for a node that is no whiteout.
   */
  readonly removedBy: (node: Node) => ByteString | undefined;
}

/**
 * Opens what one layer of an image brings and removes. Links that it only has in lower layers are not
 * followed. Lower layers are indexed only where a hard link may lead into them.
 * @throws OciError `not-found` when there is no such layer; what indexing throws
 */
export async function openLayerFilesystem(
  image: Image,
  layer: number,
  options: IndexLayersOptions = {},
): Promise<LayerFilesystem> {
  checkLayer(image, layer);
  const [index] = await indexLayers(image, { ...options, only: [layer] });
  const lower = hasHardLinks(index!) ? [...Array(layer).keys()] : [];
  const indexes = await indexLayers(image, { ...options, only: lower });
  const tree = treeOfLayer(index!, layer, {
    limits: options.limits,
    findBelow: lookBelow(indexes, options),
  });
  const removed = addWhiteouts(tree, index!, withLimits(options.limits).linkHops);
  const all = Object.assign([...indexes], { [layer]: index! });
  const view = viewTree(image, all, tree, options);
  const removedBy = (node: Node): ByteString | undefined => removed.get(node);
  return {
    ...view,
    name: `${nameImage(image)}: layer ${layer}`,
    layer,
    removedBy,
    read(path, abort) {
      const node = view.lstat(path);
      return node && removedBy(node) ? sourceOf(NOTHING).open() : view.read(path, abort);
    },
  };
}

function checkLayer(image: Image, layer: number): void {
  const { length } = image.manifest.value.layers;
  if (Number.isSafeInteger(layer) && layer >= 0 && layer < length) return;
  const there =
    length === 0 ? "none" : length === 1 ? "0 alone" : `0 (the lowest) to ${length - 1}`;
  throw new OciError(
    "not-found",
    `${nameImage(image)}: expected the number of one of its layers, which are ${there}, got ${layer}`,
    { details: { layer, layers: length } },
  );
}

function hasHardLinks({ columns }: LayerIndex): boolean {
  return columns.type.includes(RECORD_TYPES.indexOf("hardlink"));
}

function lookBelow(
  indexes: readonly LayerIndex[],
  { limits }: IndexLayersOptions,
): LayerTreeOptions["findBelow"] {
  let below: TreeDirectory | undefined;
  return (path) => findItem((below ??= mergeLayers(indexes, { limits })), path);
}

/** Adds a node for each whiteout, under the whiteout's own name. Returns what each removes. */
function addWhiteouts(
  tree: TreeDirectory,
  index: LayerIndex,
  linkHops: number,
): ReadonlyMap<Node, ByteString> {
  const removed = new Map<Node, ByteString>();
  const { removalDirectory, removalName } = index.columns;
  for (const [at, id] of removalDirectory.entries()) {
    const names = namesOf(index, id);
    const directory = ["", ...names].join("/");
    const name = index.string(removalName[at]!);
    const path = `${directory}/${name}` as ByteString;
    const own = name === "" ? opaquePath(directory as ByteString) : whiteoutPath(path);
    const node = makeBlankNode("file", 0);
    const parent = walkDirectories(tree, names, { create: true, linkHops })!;
    parent.children.set(own.slice(own.lastIndexOf("/") + 1) as ByteString, node);
    removed.set(node, path);
  }
  return removed;
}

/** The names that lead to a directory of the index. */
function namesOf({ columns, string }: LayerIndex, directory: number): ByteString[] {
  const names: ByteString[] = [];
  for (let id = directory; id !== 0; id = columns.directoryParent[id]!) {
    names.push(string(columns.directoryName[id]!));
  }
  return names.reverse();
}

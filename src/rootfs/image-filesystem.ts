// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import type { Image } from "../image/image.ts";
import { OciError } from "../oci/errors.ts";
import { mergeLayers, type MergeOptions } from "./merge/merge-layers.ts";
import { indexLayers, type IndexLayersOptions } from "./layer-index/image-indexes.ts";
import type { LayerIndex } from "./layer-index/layer-index.ts";
import { LayerNode } from "./merge/layer-node.ts";
import { nameImage, openLayerTar, readEntry } from "./layer-tar.ts";
import {
  TreeDirectory,
  createItemFinder,
  sortedNames,
  walkTree,
  type TreeItem,
} from "./merge/merged-tree.ts";
import type { Node, RootFilesystem } from "./root-filesystem.ts";

/** Where the content of a node is: which layer, from 0, and which of the entries that its parser announces, from 0. */
export interface ContentLocation {
  readonly layer: number;
  readonly entry: number;
}

/** The merged filesystem of an image. It keeps no resources open. */
export interface ImageFilesystem extends RootFilesystem {
  readonly image: Image;
  /**
   * The entry that a node came from; a hard link's is that of the file. Undefined for directories that
   * no layer names (they are implied by what is in them) and for nodes of other filesystems.
   */
  location(node: Node): ContentLocation | undefined;
  /** Every path with its node, the root first, parents before children, the names of a directory in order of their bytes. */
  paths(): Iterable<[ByteString, Node]>;
  /** The uncompressed tar of a layer, blob digest and diffID verified when read to its end. */
  layerTar(layer: number, options?: AbortOptions): Bytes;
}

export type OpenImageFilesystemOptions = IndexLayersOptions;

/**
 * Indexes the layers of an image, each one read and verified once and then known by its diffID, and
 * merges them into one tree. A layer that the cache knows is not read; the store has to hold it.
 * @throws OciError `invalid-layer`, `diff-id-mismatch`, `link-loop`; what the store, decompression and
 * the parser throw
 */
export async function openImageFilesystem(
  image: Image,
  options: OpenImageFilesystemOptions = {},
): Promise<ImageFilesystem> {
  return makeImageFilesystem(image, await indexLayers(image, options), options);
}

/**
 * Merges the layers of an image whose indexes are known, one a layer, the lowest first. Nothing is read.
 * @throws OciError `invalid-layer`, `link-loop`
 */
export function makeImageFilesystem(
  image: Image,
  indexes: readonly LayerIndex[],
  options: MergeOptions = {},
): ImageFilesystem {
  return viewTree(image, indexes, mergeLayers(indexes, options), options);
}

/** The filesystem of a tree that was merged of an image's layers, whole or only a part of it. */
export function viewTree(
  image: Image,
  indexes: readonly LayerIndex[],
  root: TreeDirectory,
  options: MergeOptions = {},
): ImageFilesystem {
  const name = nameImage(image);
  const find = createItemFinder(root);
  return {
    name,
    image,
    lstat(path) {
      const item = find(path);
      return item instanceof TreeDirectory ? item.node : item;
    },
    list(path) {
      const item = find(path);
      if (item instanceof TreeDirectory) return sortedNames(item);
      throw notThere(name, path, "a directory", item);
    },
    read(path, abort) {
      const item = find(path);
      if (item instanceof LayerNode && item.type === "file") {
        const what = `${name}: ${toText(path)}`;
        return readEntry(image, item, { ...options, ...abort, what });
      }
      throw notThere(name, path, "a regular file", item);
    },
    location: (node) =>
      node instanceof LayerNode && indexes[node.layer.number] === node.layer.index
        ? { layer: node.layer.number, entry: node.ordinal }
        : undefined,
    paths: () => walkTree(root),
    layerTar: (layer, abort) => openLayerTar(image, layer, { ...options, ...abort }),
  };
}

function notThere(
  name: string,
  path: ByteString,
  expected: string,
  item: TreeItem | undefined,
): OciError {
  const type = item instanceof TreeDirectory ? "directory" : item?.type;
  return new OciError(
    type === undefined ? "not-found" : "invalid-argument",
    `${name}: ${toText(path)}: expected ${expected}, got ${type === undefined ? "nothing" : `a ${type}`}`,
    { details: { path } },
  );
}

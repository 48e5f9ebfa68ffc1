// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../bytes/byte-string.ts";
import type { Bytes } from "../bytes/bytes.ts";
import type { Image } from "../image/image.ts";
import { OciError } from "../oci/errors.ts";
import { mergeLayers, type MergeOptions } from "./merge/merge-layers.ts";
import { indexLayers, type IndexLayersOptions } from "./layer-index/image-indexes.ts";
import type { LayerIndex } from "./layer-index/layer-index.ts";
import { LayerNode } from "./merge/layer-node.ts";
import type { ContentLocation } from "./contents/content-plan.ts";
import { nameImage, type LayerSource } from "./contents/open-layer-tar.ts";
import { readEntry, type IndexedFile, type ReadEntryOptions } from "./contents/read-entry.ts";
import {
  TreeDirectory,
  createItemFinder,
  sortedNames,
  walkTree,
  type TreeItem,
} from "./merge/merged-tree.ts";
import type { Node, RootFilesystem } from "./root-filesystem.ts";

/** The merged filesystem of an image. It keeps no resources open. */
export interface ImageFilesystem extends RootFilesystem, LayerSource {
  /**
   * The entry that a node came from; for a hard link, the entry of the file. Undefined for directories that
   * no layer names (they exist because something is below them) and for nodes of other filesystems.
   */
  location(node: Node): ContentLocation | undefined;
  /** Every path with its node: the root first, parents before children, the names in a directory sorted by bytes. */
  paths(): Iterable<[ByteString, Node]>;
}

export type OpenImageFilesystemOptions = IndexLayersOptions;

/**
 * Indexes the layers of an image and merges them into one tree. Each layer is read and verified once; its
 * index is then known by the diffID. A layer that the cache knows is not read, but the store must hold it.
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
 * Merges the layers of an image from their indexes: one for each layer, the lowest first. Reads nothing.
 * @throws OciError `invalid-layer`, `link-loop`
 */
export function makeImageFilesystem(
  image: Image,
  indexes: readonly LayerIndex[],
  options: ViewOptions = {},
): ImageFilesystem {
  return viewTree(image, indexes, mergeLayers(indexes, options), options);
}

export interface ViewOptions extends MergeOptions {
  /** Reads the content of a file in another way than from its layer's first byte on; undefined where there is none. */
  readonly readByTable?:
    ((node: LayerNode, options: ReadEntryOptions) => Bytes | undefined) | undefined;
}

/** The filesystem of a tree that was merged from an image's layers: the whole tree or a part of it. */
export function viewTree(
  image: Image,
  indexes: readonly LayerIndex[],
  root: TreeDirectory,
  { limits, readByTable }: ViewOptions = {},
): ImageFilesystem {
  const name = nameImage(image);
  const find = createItemFinder(root);
  return {
    name,
    image,
    limits,
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
        const content = readByTable?.(item, { ...abort, what });
        return content ?? readEntry({ image, limits }, fileOf(item), { ...abort, what });
      }
      throw notThere(name, path, "a regular file", item);
    },
    location: (node) =>
      node instanceof LayerNode && indexes[node.layer.number] === node.layer.index
        ? locationOf(node)
        : undefined,
    paths: () => walkTree(root),
  };
}

function locationOf({ layer, ordinal }: LayerNode): ContentLocation {
  return { layer: layer.number, entry: ordinal };
}

export function fileOf(node: LayerNode): IndexedFile {
  const { size, contentDigest: digest, stored } = node;
  return { location: locationOf(node), size, digest, stored };
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

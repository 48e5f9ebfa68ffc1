// SPDX-License-Identifier: MIT
import { type Image, readImage } from "../../image/image.ts";
import { openImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { IndexLayersOptions } from "../../rootfs/layer-index/image-indexes.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { openForQuestion } from "../../rootfs/top-down/open-for-question.ts";
import { markUsed } from "../../store/cached-images.ts";
import { copy } from "../../store/copy/copy.ts";
import { transferBlob } from "../../store/copy/transfer.ts";
import { openLayout } from "../../store/layout/layout.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { InputOptions } from "../assemble-options.ts";
import type { ArtifactTree } from "../steps/planned-entry.ts";
import type { ImageInputFound, Input } from "./find-inputs.ts";
import { type KnownLayers, openKnownLayers } from "./known-layers.ts";
import { isBeside } from "../take-layer.ts";
import { treeCache } from "./tree-cache.ts";

/** An artifact's file tree. */
export interface OpenedTree {
  readonly tree: ArtifactTree;
  /** Layers that are not at hand, and those of which nobody knows that they are what is said: see `KnownLayers`. */
  readonly unread: ReadonlySet<number>;
  readonly unproven: ReadonlySet<number>;
  /** The same tree with some of these layers read, and at hand. */
  readonly read: (layers: readonly number[]) => Promise<OpenedTree>;
}

/**
 * Opens an artifact's file tree. An image in a registry is copied into the cache once and read from there. But of one in
 * the registry that the target is in only those layers are that the cache does not know, and that have no tables which
 * are to be trusted: there a layer can be mounted, so that it is never read.
 */
export async function openTree(
  input: Input,
  target: ReadableStore | undefined,
  options: InputOptions,
): Promise<OpenedTree> {
  const { name, digest } = input.record;
  if (input.kind === "directory") {
    return whole({ name, digest, root: input.plain.root, image: undefined, origin: undefined });
  }
  const { store } = input.opened;
  if (isBeside(input.opened.store, target)) {
    const image = await readImage(store, input.descriptor, options);
    const bring = (layers: readonly number[]): Promise<Image> =>
      bringNear(image, input.opened.store, layers, options);
    const { trustTables = false } = options;
    const known = await openKnownLayers(image, bring, { ...indexing(options), trustTables });
    return partly(input, known, options);
  }
  const near = await readNearby(input, options);
  const image = await openImageFilesystem(near, indexing(options));
  return whole({ name, digest, root: image, image, origin: near.store });
}

/** Opens the base's file tree, of which nothing is written: in the target's registry by tables of contents, if it has any. */
export function openBaseTree(
  base: Image,
  input: ImageInputFound,
  target: ReadableStore | undefined,
  options: InputOptions,
): Promise<RootFilesystem> {
  if (isBeside(input.opened.store, target))
    return openForQuestion(base, undefined, indexing(options));
  return openImageFilesystem(base, indexing(options));
}

function indexing(options: InputOptions): IndexLayersOptions {
  const { limits, signal } = options;
  return { cache: treeCache(options, "layer-indexes"), limits, signal };
}

function whole(tree: ArtifactTree): OpenedTree {
  const none: ReadonlySet<number> = new Set();
  const read = (): Promise<OpenedTree> => Promise.resolve(opened);
  const opened: OpenedTree = { tree, unread: none, unproven: none, read };
  return opened;
}

function partly(input: ImageInputFound, known: KnownLayers, options: InputOptions): OpenedTree {
  const { name, digest } = input.record;
  const { root, unread, unproven } = known;
  return {
    tree: { name, digest, root, image: root, origin: input.opened.store },
    unread,
    unproven,
    read: async (layers) => {
      const near = await bringNear(root.image, input.opened.store, layers, options);
      return partly(input, await known.read(near, layers), options);
    },
  };
}

/** Copies some layers of an image into the cache, from where they are then read. */
async function bringNear(
  image: Image,
  origin: ReadableStore,
  layers: readonly number[],
  { cache, signal = new AbortController().signal }: InputOptions,
): Promise<Image> {
  if (cache === undefined) return image;
  const target = await openLayout(`${cache}/blobs`, { create: true });
  const copying = { source: origin, target, dryRun: false, onProgress: undefined };
  const descriptors = layers.map((layer) => image.manifest.value.layers[layer]!);
  for (const descriptor of descriptors) await transferBlob(copying, descriptor, signal);
  const near = new Set(descriptors.map(({ digest }) => digest));
  const { store } = image;
  return {
    ...image,
    store: {
      ...store,
      fetch: (one, abort) => (near.has(one.digest) ? target : store).fetch(one, abort),
      fetchRange: (one, range, abort) =>
        (near.has(one.digest) ? target : store).fetchRange(one, range, abort),
      exists: (one, abort) => (near.has(one.digest) ? target : store).exists(one, abort),
    },
  };
}

async function readNearby(input: ImageInputFound, options: InputOptions): Promise<Image> {
  const { store } = input.opened;
  if (input.published === undefined || options.cache === undefined) {
    return readImage(store, input.descriptor, options);
  }
  const blobs = await openLayout(`${options.cache}/blobs`, { create: true });
  await copy(store, input.descriptor, blobs, { signal: options.signal, limits: options.limits });
  markUsed(blobs, input.descriptor.digest);
  return readImage(blobs, input.descriptor, options);
}

// SPDX-License-Identifier: MIT
import { fromBytes, toBytes, toText, type ByteString } from "../../bytes/byte-string.ts";
import { throwIfAborted } from "../../bytes/abort.ts";
import { once, type AbortOptions, type Bytes } from "../../bytes/bytes.ts";
import { drain, readAll } from "../../bytes/streams/read-all.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { createContentPlanner } from "../../rootfs/contents/content-plan.ts";
import { openLayerTar } from "../../rootfs/contents/open-layer-tar.ts";
import { readPlanned } from "../../rootfs/contents/read-planned.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import {
  createObjectReader,
  readContent,
  type LoadedFile,
  type ReadObject,
} from "../closure/read-object.ts";
import type { FactsCache, LayerIdentity } from "./facts-cache.ts";
import { LARGEST_TEXT, type LayerFacts } from "./layer-facts.ts";
import { settingsPaths } from "./settings-files.ts";

/** A root filesystem as the checks read it. */
export interface ReadableRoot {
  readonly root: RootFilesystem;
  readonly read: ReadObject;
}

export interface ImageFactsOptions extends AbortOptions {
  readonly cache?: FactsCache | undefined;
  /** What was gathered of layers, by their numbers, that were read to their end just now, and so have their diffIDs. */
  readonly gathered: ReadonlyMap<number, LayerFacts>;
  /** Called after each ELF object that was read, with how many there are to read. Never awaited. */
  readonly onObject?: ((read: number, total: number) => void) | undefined;
}

/**
 * Reads what the checks want to know of the contents of an image: all ELF objects, and the small files that
 * say how libraries and users are found. A layer is read only for what was neither kept nor gathered before.
 * Afterwards every layer is known to have its diffID.
 * @throws what reading a layer throws
 */
export async function readImageFacts(
  filesystem: ImageFilesystem,
  objects: readonly (readonly [ByteString, Node])[],
  options: ImageFactsOptions,
): Promise<ReadableRoot> {
  const layers = filesystem.image.manifest.value.layers.map(() => emptyFacts());
  await addKept(filesystem, layers, options);
  await addMissing(
    filesystem,
    layers,
    [...wantedObjects(objects), ...wantedTexts(filesystem)],
    options,
  );
  return viewWith(filesystem, layers, options);
}

/** What is known of one layer. */
interface Known {
  readonly objects: Map<Digest, LoadedFile>;
  readonly texts: Map<Digest, ByteString>;
  /** Whether its blob still has to be read, or the cache has all of it, or it was gathered and is to be kept. */
  state: "unread" | "kept" | "gathered";
}

function emptyFacts(): Known {
  return { objects: new Map(), texts: new Map(), state: "unread" };
}

interface Want {
  readonly path: ByteString;
  readonly node: Node;
  readonly digest: Digest;
  readonly as: keyof LayerFacts;
}

function* wantedObjects(objects: readonly (readonly [ByteString, Node])[]): Generator<Want> {
  for (const [path, node] of objects) {
    const { contentDigest: digest } = node;
    if (digest !== undefined) yield { path, node, digest, as: "objects" };
  }
}

function* wantedTexts(root: RootFilesystem): Generator<Want> {
  for (const each of settingsPaths(root)) {
    const { node, path } = tracePath(root, each);
    if (node?.type !== "file" || node.size === 0 || node.size > LARGEST_TEXT) continue;
    const { contentDigest: digest } = node;
    if (digest !== undefined) yield { path, node, digest, as: "texts" };
  }
}

function identityOf({ image }: ImageFilesystem, layer: number): LayerIdentity {
  const blob = image.manifest.value.layers[layer]!.digest;
  return { blob, diffId: image.config.value.rootfs.diff_ids[layer]! };
}

async function addKept(
  filesystem: ImageFilesystem,
  layers: readonly Known[],
  { cache, gathered }: ImageFactsOptions,
): Promise<void> {
  for (const [layer, known] of layers.entries()) {
    const identity = identityOf(filesystem, layer);
    const fresh = gathered.get(layer);
    const facts = fresh ?? (await cache?.read(identity));
    if (facts === undefined) continue;
    known.state = fresh === undefined ? "kept" : "gathered";
    for (const [digest, object] of facts.objects) known.objects.set(digest, object);
    for (const [digest, text] of facts.texts) known.texts.set(digest, text);
  }
}

/** Reads what is not known, and each layer of which nobody knows yet that it has its diffID. */
async function addMissing(
  filesystem: ImageFilesystem,
  layers: readonly Known[],
  wants: readonly Want[],
  { cache, signal, onObject }: ImageFactsOptions,
): Promise<void> {
  const planner = createContentPlanner<Want>();
  let total = 0;
  let read = 0;
  const unread = new Set([...layers.keys()].filter((layer) => layers[layer]!.state === "unread"));
  for (const want of wants) {
    const location = filesystem.location(want.node);
    if (location === undefined || layers[location.layer]![want.as].has(want.digest)) continue;
    planner.add(location, want, want.node.size);
    if (want.as === "objects") total += 1;
    unread.delete(location.layer);
    layers[location.layer]!.state = "gathered";
  }
  for await (const { wants: who, content } of readPlanned(filesystem, planner.plan(), { signal })) {
    throwIfAborted(signal, filesystem.name);
    const { layer } = filesystem.location(who[0]!.node)!;
    if (content !== undefined) await take(filesystem, who, content, layers[layer]!);
    read += who.filter(({ as }) => as === "objects").length;
    onObject?.(read, total);
  }
  for (const layer of unread) await drain(openLayerTar(filesystem, layer, { signal }));
  for (const [layer, known] of layers.entries()) {
    if (known.state !== "kept") await cache?.write(identityOf(filesystem, layer), known);
  }
}

/** Reads one content for all who want it. */
async function take(
  filesystem: ImageFilesystem,
  wants: readonly Want[],
  content: Bytes,
  known: Known,
): Promise<void> {
  const { path, node, digest } = wants[0]!;
  let first: Bytes | undefined = content;
  if (wants.some((want) => want.as === "texts")) {
    const bytes = await readAll(content, LARGEST_TEXT, toText(path));
    known.texts.set(digest, fromBytes(bytes));
    first = once(bytes);
  }
  if (!wants.some((want) => want.as === "objects")) return;
  const open = (): Bytes => {
    const bytes = first ?? filesystem.read(path);
    first = undefined;
    return bytes;
  };
  known.objects.set(digest, await readContent(node.size, open));
}

/** The filesystem, with what is known answered from memory. */
function viewWith(
  filesystem: ImageFilesystem,
  layers: readonly Known[],
  options: AbortOptions,
): ReadableRoot {
  const factsOf = (node: Node | undefined): Known | undefined => {
    const location = node && filesystem.location(node);
    return location && layers[location.layer];
  };
  const root: RootFilesystem = {
    ...filesystem,
    read(path, abort) {
      const node = filesystem.lstat(path);
      const text = node?.contentDigest && factsOf(node)?.texts.get(node.contentDigest);
      return text === undefined ? filesystem.read(path, abort) : once(toBytes(text));
    },
  };
  const readOther = createObjectReader(root, options);
  return {
    root,
    read: (path, node) => {
      const object = node.contentDigest && factsOf(node)?.objects.get(node.contentDigest);
      return object === undefined ? readOther(path, node) : Promise.resolve(object);
    },
  };
}

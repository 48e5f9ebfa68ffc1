// SPDX-License-Identifier: MIT
import {
  formatCompression,
  type CompressionWish,
  type LevelWish,
} from "../../bytes/level/compression-choice.ts";
import type { DiffId } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Document } from "../../oci/documents/document.ts";
import type { ImageConfig } from "../../oci/documents/image-config.ts";
import type { ImageIndex } from "../../oci/documents/image-index.ts";
import type { Manifest } from "../../oci/documents/manifest.ts";
import { limitExceeded, withLimits } from "../../oci/limits.ts";
import {
  isConfigType,
  isIndexType,
  isManifestType,
  layerCompression,
  layerMediaType,
  type Compression,
} from "../../oci/media-types.ts";
import type { Platform } from "../../oci/platform.ts";
import { readConfig, readIndex, readManifest } from "../../store/read-documents.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { ReadOptions } from "../image.ts";
import { isAttestation, platformOf } from "../list-images.ts";
import { notedCompression } from "./compression-note.ts";
import {
  beyondDockerList,
  beyondDockerManifest,
  notInDocker,
  type Inexpressible,
} from "./docker-limits.ts";
import { formatOf, type ImageFormat } from "./image-format.ts";
import { selectPlatforms, type PlatformSelection } from "./select-platforms.ts";

/** What is to become different on the way. */
export interface RewriteWish {
  /** Take only the images of an index for these platforms. */
  readonly platforms?: readonly Platform[] | undefined;
  /** Whose media types the documents get. Default: those they have. */
  readonly format?: ImageFormat | undefined;
  /** How layers are compressed. Default: as they are. */
  readonly compression?: Compression | undefined;
  /** How hard layers are compressed that have to be compressed anew. See `CompressionChoice` and `LevelWish`. */
  readonly level?: LevelWish | undefined;
  /** Leave out annotations that Docker's format can't hold, instead of refusing them. */
  readonly dropAnnotations?: boolean | undefined;
}

/** A document below the root with what is below it; nothing has been written. */
export type RewriteNode =
  | {
      readonly kind: "index";
      readonly document: Document<ImageIndex>;
      readonly children: readonly { readonly entry: Descriptor; readonly node: RewriteNode }[];
    }
  | {
      readonly kind: "manifest";
      readonly document: Document<Manifest>;
      /** Undefined for an artifact and an attestation. */
      readonly config: Document<ImageConfig> | undefined;
    }
  | { readonly kind: "blob"; readonly descriptor: Descriptor };

/** What a rewrite will read and write. */
export interface RewritePlan {
  readonly root: RewriteNode;
  /** Images for other platforms, and their attestations. */
  readonly dropped: readonly Descriptor[];
  /** Annotations that are left out, each as one line for people. */
  readonly droppedAnnotations: readonly string[];
}

/**
 * Reads all documents below a root, selects what is wanted, and refuses what can't be written, before anything
 * is.
 * @throws OciError `not-found` for a platform that no image is for; `unsupported-operation` naming what Docker's
 *   format can't express; what reading throws
 */
export async function planRewrite(
  store: ReadableStore,
  root: Descriptor,
  wish: RewriteWish,
  options: ReadOptions,
): Promise<RewritePlan> {
  const selection = wish.platforms && (await selectPlatforms(store, root, wish.platforms, options));
  const planning: Planning = { store, wish, options, selection, beyond: [] };
  const node = await planNode(planning, root, 0);
  const refused = planning.beyond.filter(
    ({ isAnnotation }) => !isAnnotation || wish.dropAnnotations !== true,
  );
  if (refused.length > 0) throw notInDocker(`${store.name}: ${root.digest}`, refused);
  const droppedAnnotations = planning.beyond.map(({ what }) => what);
  return { root: node, dropped: selection?.dropped ?? [], droppedAnnotations };
}

interface Planning {
  readonly store: ReadableStore;
  readonly wish: RewriteWish;
  readonly options: ReadOptions;
  readonly selection: PlatformSelection | undefined;
  readonly beyond: Inexpressible[];
}

async function planNode(
  planning: Planning,
  descriptor: Descriptor,
  depth: number,
): Promise<RewriteNode> {
  const { store, options } = planning;
  const { indexDepth } = withLimits(options.limits);
  if (depth > indexDepth) {
    const what = `${store.name}: index at ${descriptor.digest}`;
    const unit = "indexes in one another";
    throw limitExceeded({ what, limit: "indexDepth", allowed: indexDepth, unit });
  }
  if (isIndexType(descriptor.mediaType)) return planIndex(planning, descriptor, depth);
  if (isManifestType(descriptor.mediaType)) return planManifest(planning, descriptor);
  return { kind: "blob", descriptor };
}

async function planIndex(
  planning: Planning,
  descriptor: Descriptor,
  depth: number,
): Promise<RewriteNode> {
  const { store, options, selection, wish, beyond } = planning;
  const document = await readIndex(store, descriptor, options);
  const kept = document.value.manifests.filter((entry) => selection?.keeps(entry) ?? true);
  if (wish.format === "docker") {
    beyond.push(...beyondDockerList({ ...document.value, manifests: kept }));
  }
  const children = [];
  for (const entry of kept) {
    const node = await planNode(planning, entry, depth + 1);
    const isEmptied =
      node.kind === "index" &&
      node.children.length === 0 &&
      node.document.value.manifests.length > 0;
    if (!isEmptied) children.push({ entry: await completed(planning, entry, node), node });
  }
  return { kind: "index", document, children };
}

/** Docker's lists must give a platform for each image. */
async function completed(
  { wish }: Planning,
  entry: Descriptor,
  node: RewriteNode,
): Promise<Descriptor> {
  if (wish.format !== "docker" || entry.platform !== undefined) return Promise.resolve(entry);
  if (node.kind !== "manifest" || node.config === undefined) return entry;
  return { ...entry, platform: platformOf(node.config.value) };
}

async function planManifest(
  { store, options, wish, beyond }: Planning,
  descriptor: Descriptor,
): Promise<RewriteNode> {
  const document = await readManifest(store, descriptor, options);
  const { config, layers } = document.value;
  const isImage = isConfigType(config.mediaType) && !isAttestation(descriptor);
  const written = layers.map((layer) => withCompression(layer, isImage, wish));
  if (wish.format === "docker") beyond.push(...beyondDockerManifest(document.value, written));
  else if (wish.format === undefined && formatOf(descriptor) === "docker") {
    const unseen = written.filter(({ mediaType }, at) => mediaType !== layers[at]!.mediaType);
    const { schemaVersion } = document.value;
    beyond.push(...beyondDockerManifest({ schemaVersion, config, layers }, unseen));
  }
  return {
    kind: "manifest",
    document,
    config: isImage ? await readConfig(store, config, options) : undefined,
  };
}

/** The layer with the media type that it will have; digest and size are not known yet. */
function withCompression(
  layer: Descriptor,
  isImage: boolean,
  { compression }: RewriteWish,
): Descriptor {
  if (!isImage || compression === undefined || !isOfOtherKind(layer, compression)) return layer;
  return { ...layer, mediaType: layerMediaType(compression) };
}

/**
 * Whether a layer has to be compressed anew: it is compressed otherwise, or a level is wanted and the layer does not
 * say that it has it. What is no layer keeps its bytes, and so does one of another's.
 */
export function isRecompressed(
  layer: Descriptor,
  { compression, level }: CompressionWish,
  diffId: DiffId,
): boolean {
  if (!isOfOtherKind(layer, compression)) {
    const isOfKind = layerCompression(layer.mediaType) === compression;
    if (!isOfKind || typeof level !== "number" || isForeign(layer)) return false;
    return notedCompression(layer, diffId) !== formatCompression({ compression, level });
  }
  return true;
}

function isOfOtherKind(layer: Descriptor, compression: Compression): boolean {
  const now = layerCompression(layer.mediaType);
  return now !== undefined && now !== compression && !isForeign(layer);
}

function isForeign({ mediaType }: Descriptor): boolean {
  return /nondistributable|foreign/.test(mediaType);
}

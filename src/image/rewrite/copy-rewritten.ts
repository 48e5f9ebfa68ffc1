// SPDX-License-Identifier: MIT
import type { LevelWish } from "../../bytes/level/compression-choice.ts";
import { mapBounded } from "../../bytes/map-bounded.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Digest, DiffId } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Document } from "../../oci/documents/document.ts";
import type { Compression } from "../../oci/media-types.ts";
import type { CopyOptions } from "../../store/copy/copy.ts";
import { transferBlob, transferManifest, type Transfer } from "../../store/copy/transfer.ts";
import type { ContentStore, ReadableStore } from "../../store/store.ts";
import { changeIndex, rewriteManifest } from "../edit/rewrite-document.ts";
import { formatOf, mediaTypeIn, type ImageFormat } from "./image-format.ts";
import { withoutCompressionNote } from "./compression-note.ts";
import { openEarlierLayers, type EarlierLayers } from "./earlier-layers.ts";
import {
  isRecompressed,
  planRewrite,
  type RewriteNode,
  type RewritePlan,
  type RewriteWish,
} from "./plan-rewrite.ts";
import { recompressLayer } from "./recompress-layer.ts";

export interface CopyRewrittenOptions extends RewriteWish, Omit<CopyOptions, "tag" | "keepRoot"> {
  /**
   * The tag in the target that the result will get. Layers of what it names now are used again where they have the
   * same tar, compressed as wished: another Node or another machine would make other bytes of it.
   */
  readonly replaces?: string | undefined;
}

/** A manifest or index that became another. */
export interface RewrittenDocument {
  readonly from: Descriptor;
  readonly to: Descriptor;
}

/** What was written, or would be in a dry run. */
export interface CopiedRewritten extends Omit<RewritePlan, "root"> {
  readonly root: Descriptor;
  /** As `CopySummary` has them. A layer that was compressed anew counts as copied. */
  readonly transfers: readonly Transfer[];
  /** The documents whose digests changed, children before parents. */
  readonly rewritten: readonly RewrittenDocument[];
}

const CONCURRENCY = 4;
const REPORT_EVERY = 1024 * 1024;

/**
 * Copies a root and all below it, as `copy` does, and changes on the way what is wished: which platforms an
 * index has, whose media types documents have, how layers are compressed. Configurations stay as they are, byte
 * for byte. What is not touched keeps its digest. An attestation stays with its image and names the image's new
 * digest in the index. The root gets no name: that is the caller's. Safe to repeat.
 * @throws OciError what `planRewrite` throws, before anything is written; CopyError
 */
export async function copyRewritten(
  source: ReadableStore,
  root: Descriptor,
  target: ContentStore,
  options: CopyRewrittenOptions = {},
): Promise<CopiedRewritten> {
  const { platforms, format, compression, level, dropAnnotations, replaces, ...rest } = options;
  const wish = { platforms, format, compression, level, dropAnnotations };
  const plan = await planRewrite(source, root, wish, rest);
  const { dryRun = false, verifyPresent, onProgress } = rest;
  const writing: Writing = {
    copying: { source, target, dryRun, verifyPresent, onProgress },
    wish,
    earlier: await openEarlierLayers(target, compression && replaces, rest),
    options: rest,
    done: new Map(),
    transfers: [],
    rewritten: [],
  };
  const blobs = blobsBelow(plan.root);
  const bytes = [...blobs.values()].reduce((sum, size) => sum + size, 0);
  onProgress?.({ kind: "planned", pieces: blobs.size, bytes });
  const written = await writeNode(writing, plan.root, root);
  const { transfers, rewritten } = writing;
  return { ...plan, root: written, transfers, rewritten };
}

interface Writing {
  readonly copying: Parameters<typeof transferBlob>[0];
  readonly wish: RewriteWish;
  readonly earlier: EarlierLayers;
  readonly options: Omit<CopyOptions, "tag" | "keepRoot">;
  /** What became of content, by its old digest and type. */
  readonly done: Map<string, Promise<Descriptor>>;
  readonly transfers: Transfer[];
  readonly rewritten: RewrittenDocument[];
}

function blobsBelow(node: RewriteNode, found = new Map<Digest, number>()): Map<Digest, number> {
  if (node.kind === "index") for (const child of node.children) blobsBelow(child.node, found);
  else {
    const blobs =
      node.kind === "blob"
        ? [node.descriptor]
        : [node.document.value.config, ...node.document.value.layers];
    for (const { digest, size } of blobs) found.set(digest, size);
  }
  return found;
}

/** Writes a node once, and returns its descriptor: the given one with what changed. */
async function writeNode(
  writing: Writing,
  node: RewriteNode,
  descriptor: Descriptor,
): Promise<Descriptor> {
  const key = `${descriptor.digest} ${node.kind}`;
  const { done } = writing;
  const written = done.get(key) ?? writeOnce(writing, node);
  done.set(key, written);
  const { mediaType, digest, size } = await written;
  if (digest === descriptor.digest) return { ...descriptor, mediaType };
  return { ...descriptor, mediaType, digest, size, data: undefined };
}

async function writeOnce(writing: Writing, node: RewriteNode): Promise<Descriptor> {
  switch (node.kind) {
    case "blob":
      return writeBlob(writing, node.descriptor);
    case "manifest":
      return writeManifest(writing, node);
    case "index":
      return writeIndex(writing, node);
  }
}

async function writeBlob(
  { copying, transfers, options }: Writing,
  descriptor: Descriptor,
  signal = options.signal ?? new AbortController().signal,
): Promise<Descriptor> {
  transfers.push(await transferBlob(copying, descriptor, signal));
  return descriptor;
}

async function writeManifest(
  writing: Writing,
  { document, config }: Extract<RewriteNode, { kind: "manifest" }>,
): Promise<Descriptor> {
  const { format, compression, level } = writing.wish;
  const before = document.value;
  const diffIds = config?.value.rootfs.diff_ids;
  const { concurrency = CONCURRENCY, signal } = writing.options;
  const layers = await mapBounded(
    before.layers.map((layer, at) => ({ layer, diffId: diffIds?.[at] })),
    concurrency,
    ({ layer, diffId }, stop) =>
      compression === undefined ||
      diffId === undefined ||
      !isRecompressed(layer, { compression, level }, diffId)
        ? once(writing, `${layer.digest} blob`, () => writeBlob(writing, layer, stop)).then(
            () => layer,
          )
        : writeRecompressed(writing, layer, { compression, level, diffId, signal: stop }),
    { signal },
  );
  await once(writing, `${before.config.digest} blob`, () => writeBlob(writing, before.config));
  const isDropping = isDroppingAnnotations(writing.wish);
  const written = format ?? formatOf(document.descriptor);
  const inFormat = (one: Descriptor): Descriptor => ({
    ...withType(written === "docker" ? withoutCompressionNote(one) : one, written),
    ...(isDropping && { annotations: undefined }),
  });
  const isTyped = format !== undefined || compression !== undefined;
  const after = rewriteManifest(
    document,
    {
      ...typed(document, format),
      ...(isTyped && { config: inFormat(before.config), layers: layers.map(inFormat) }),
      ...(isDropping && { annotations: undefined }),
    },
    typeIn(document, format),
  );
  return writeDocument(writing, document, after);
}

/** The layer in its own descriptor's terms, compressed anew once however many images have it. */
async function writeRecompressed(
  writing: Writing,
  layer: Descriptor,
  wanted: {
    readonly compression: Compression;
    readonly level: LevelWish | undefined;
    readonly diffId: DiffId;
    readonly signal: AbortSignal;
  },
): Promise<Descriptor> {
  const { copying, transfers, options } = writing;
  const { source, target, dryRun, onProgress } = copying;
  const made = await once(writing, `${layer.digest} layer`, async () => {
    const earlier = await writing.earlier.find(wanted.diffId, wanted);
    if (earlier !== undefined) {
      transfers.push({ descriptor: earlier, kind: "blob", action: "skipped" });
      return earlier;
    }
    onProgress?.({ kind: "started", descriptor: layer });
    let bytes = 0;
    let told = 0;
    const onBytes = (length: number): void => {
      bytes += length;
      if (bytes - told < REPORT_EVERY) return;
      told = bytes;
      onProgress?.({ kind: "progress", descriptor: layer, bytes });
    };
    const { limits } = options;
    const made = await recompressLayer(source, layer, target, {
      ...wanted,
      dryRun,
      limits,
      onBytes,
    });
    onProgress?.({
      kind: "finished",
      transfer: { descriptor: layer, kind: "blob", action: "copied" },
    });
    transfers.push({ descriptor: made, kind: "blob", action: "copied" });
    return made;
  });
  const { mediaType, digest, size } = made;
  const note = made.annotations?.[AnnotationKey.compression];
  const annotations =
    note === undefined
      ? layer.annotations
      : { ...layer.annotations, [AnnotationKey.compression]: note };
  return { ...layer, mediaType, digest, size, annotations, data: undefined, urls: undefined };
}

async function writeIndex(
  writing: Writing,
  { document, children }: Extract<RewriteNode, { kind: "index" }>,
): Promise<Descriptor> {
  const { format } = writing.wish;
  const entries: Descriptor[] = [];
  const renamed = new Map<string, Digest>();
  for (const { entry, node } of children) {
    const written = await writeNode(writing, node, entry);
    renamed.set(entry.digest, written.digest);
    entries.push(written);
  }
  const isDropping = isDroppingAnnotations(writing.wish);
  const manifests = entries.map((entry) =>
    isDropping ? { ...entry, annotations: undefined } : attesting(entry, renamed),
  );
  const after = changeIndex(
    document,
    {
      ...typed(document, format),
      manifests,
      ...(isDropping && { annotations: undefined }),
    },
    typeIn(document, format),
  );
  return writeDocument(writing, document, after);
}

/** An attestation's entry with the new digest of the image that it is about. */
function attesting(entry: Descriptor, renamed: ReadonlyMap<string, Digest>): Descriptor {
  const key = AnnotationKey.attestedDigest;
  const digest = renamed.get(entry.annotations?.[key] ?? "");
  if (digest === undefined) return entry;
  return { ...entry, annotations: { ...entry.annotations, [key]: digest } };
}

async function writeDocument(
  { copying, transfers, rewritten, options }: Writing,
  before: Document<unknown>,
  { descriptor, bytes }: Document<unknown>,
): Promise<Descriptor> {
  const signal = options.signal ?? new AbortController().signal;
  transfers.push(await transferManifest(copying, { descriptor, bytes, children: [] }, signal));
  if (descriptor.digest !== before.descriptor.digest) {
    rewritten.push({ from: before.descriptor, to: descriptor });
  }
  return descriptor;
}

function once(
  { done }: Writing,
  key: string,
  work: () => Promise<Descriptor>,
): Promise<Descriptor> {
  const running = done.get(key) ?? work();
  done.set(key, running);
  return running;
}

function typeIn({ descriptor }: Document<unknown>, format: RewriteWish["format"]): string {
  return format === undefined ? descriptor.mediaType : mediaTypeIn(format, descriptor.mediaType);
}

/** The changed media type; nothing where it stays, also where the document leaves it out. */
function typed(
  document: Document<unknown>,
  format: RewriteWish["format"],
): { readonly mediaType?: string } {
  const mediaType = typeIn(document, format);
  return mediaType === document.descriptor.mediaType ? {} : { mediaType };
}

function withType(descriptor: Descriptor, format: ImageFormat): Descriptor {
  return { ...descriptor, mediaType: mediaTypeIn(format, descriptor.mediaType) };
}

function isDroppingAnnotations({ format, dropAnnotations }: RewriteWish): boolean {
  return format === "docker" && dropAnnotations === true;
}

// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Image } from "../../image/image.ts";
import { createLayerParser } from "../../layer/parse/layer-parser.ts";
import type { LayerHandler } from "../../layer/parse/layer-handler.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Limits } from "../../oci/limits.ts";
import type { LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import { createLayerIndexer } from "../../rootfs/layer-index/index-builder.ts";
import { nameImage, openLayerTar } from "../../rootfs/layer-tar.ts";
import { createLayerRecorder, type LayerRecorder } from "../exact/layer-recorder.ts";
import type { XattrBatch } from "../../disk/xattrs/xattr-batch.ts";
import type { MetadataPolicy } from "../../disk/metadata-policy.ts";
import { createFileStager } from "./stage-files.ts";
import type { Staging } from "./staging.ts";

/** At most once a MiB: of `size` bytes of a layer's blob `bytes` are read, and `entries` files of it staged. */
export interface StagingProgress {
  readonly kind: "staging";
  readonly layer: number;
  readonly bytes: number;
  readonly size: number;
  readonly entries: number;
}

/** What staging the layers of an image works with. */
export interface StageLayersOptions extends AbortOptions {
  readonly staging: Staging;
  readonly policy: MetadataPolicy;
  readonly batch: XattrBatch;
  /** Where the exact bytes of the layers are recorded, and under which number each is; not at all without. */
  readonly exact?:
    { readonly sidecar: string; readonly numberOf: (layer: number) => number } | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly onProgress?: ((event: StagingProgress) => void) | undefined;
}

/** Stages layers of an image, each at most once. */
export interface LayerStager {
  /** Reads a layer to its end, stages every file of it and indexes it. */
  stageAndIndex(layer: number, options: AbortOptions): Promise<LayerIndex>;
  /** Reads a layer to its end and stages the files of it that are wanted, if it was not staged yet. */
  stage(layer: number, wants: (entry: number) => boolean, options: AbortOptions): Promise<void>;
  /** The records of the layers that were staged, by their numbers; to be finished. */
  readonly recorders: ReadonlyMap<number, LayerRecorder>;
  /** Gives the records up that were not finished. Idempotent. */
  discard(): void;
}

const REPORT_EVERY = 1024 * 1024;
/** Bytes of a blob for which a thread is started. */
const WORTH_A_THREAD = 4 * 1024 * 1024;

/**
 * Creates what stages the layers of an image. A layer that was read is verified to its end, by its digest
 * and its diffID, when its promise resolves; nothing of it may be used before.
 */
export function createLayerStager(image: Image, options: StageLayersOptions): LayerStager {
  const recorders = new Map<number, LayerRecorder>();
  const done = new Set<number>();

  const read = async (
    layer: number,
    wants: (ordinal: number) => boolean,
    handlers: readonly LayerHandler[],
    { signal }: AbortOptions,
  ): Promise<void> => {
    const what = nameLayer(image, layer);
    const { staging, policy, batch } = options;
    const files = createFileStager({ staging, layer, wants, policy, batch, what });
    const recorder = startRecorder(image, layer, options);
    const all = [...handlers, files, ...(recorder === undefined ? [] : [recorder.handler])];
    const parser = createLayerParser(tell(all), { limits: options.limits, what });
    const onRead = reportReading(image, layer, files.staged, options);
    try {
      const inThread = image.manifest.value.layers[layer]!.size >= WORTH_A_THREAD;
      const tar = openLayerTar(image, layer, { limits: options.limits, signal, onRead, inThread });
      for await (const chunk of tar) {
        throwIfAborted(signal, what);
        parser.feed(chunk);
        recorder?.tar(chunk);
      }
      parser.end();
    } catch (error) {
      files.abandon();
      recorder?.discard();
      throw error;
    }
    done.add(layer);
    if (recorder !== undefined) recorders.set(layer, recorder);
  };
  return {
    recorders,
    async stageAndIndex(layer, abort) {
      const indexer = createLayerIndexer({ limits: options.limits, what: nameLayer(image, layer) });
      await read(layer, () => true, [indexer], abort);
      return indexer.finish();
    },
    async stage(layer, wants, abort) {
      if (!done.has(layer)) await read(layer, wants, [], abort);
    },
    discard: () => {
      for (const recorder of recorders.values()) recorder.discard();
    },
  };
}

function nameLayer(image: Image, layer: number): string {
  const { digest } = image.manifest.value.layers[layer]!;
  return `${nameImage(image)}: layer ${layer} (${shortDigest(digest)})`;
}

function startRecorder(
  image: Image,
  layer: number,
  { exact }: StageLayersOptions,
): LayerRecorder | undefined {
  if (exact === undefined) return undefined;
  const diffId = image.config.value.rootfs.diff_ids[layer]!;
  return createLayerRecorder(exact.sidecar, exact.numberOf(layer), diffId);
}

/** One handler that tells several, in order. Each takes holes. */
function tell(handlers: readonly LayerHandler[]): LayerHandler {
  return {
    entry(entry, position) {
      for (const handler of handlers) handler.entry(entry, position);
    },
    data(chunk) {
      for (const handler of handlers) handler.data(chunk);
    },
    hole(length) {
      for (const handler of handlers) handler.hole?.(length);
    },
    end() {
      for (const handler of handlers) handler.end?.();
    },
  };
}

function reportReading(
  image: Image,
  layer: number,
  staged: { readonly files: number },
  { onProgress }: StageLayersOptions,
): ((bytes: number) => void) | undefined {
  if (onProgress === undefined) return undefined;
  const { size } = image.manifest.value.layers[layer]!;
  let bytes = 0;
  let reported = 0;
  return (count) => {
    bytes += count;
    if (bytes - reported < REPORT_EVERY && bytes < size) return;
    reported = bytes;
    onProgress({ kind: "staging", layer, bytes, size, entries: staged.files });
  };
}

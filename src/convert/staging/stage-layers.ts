// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { mapBounded } from "../../bytes/map-bounded.ts";
import type { MetadataPolicy } from "../../disk/metadata-policy.ts";
import type { XattrBatch } from "../../disk/xattrs/xattr-batch.ts";
import type { Image } from "../../image/image.ts";
import type { Limits } from "../../oci/limits.ts";
import type { ContentPlan, LayerPass } from "../../rootfs/contents/content-plan.ts";
import { handOutFiles, handOutPass } from "../../rootfs/contents/hand-out-contents.ts";
import { nameLayer } from "../../rootfs/contents/open-layer-tar.ts";
import { readLayerOnce, type LayerListener } from "../../rootfs/contents/read-layer-once.ts";
import { createLayerRecorder, type LayerRecorder } from "../exact/layer-recorder.ts";
import { createFileStager } from "./stage-files.ts";
import type { Staging } from "./staging.ts";

/**
 * Reported at most once per MiB: `bytes` of the layer's blob (of `size`) were read and `entries` of its
 * files staged.
 */
export interface StagingProgress {
  readonly kind: "staging";
  readonly layer: number;
  readonly bytes: number;
  readonly size: number;
  readonly entries: number;
}

/** The input of {@link createLayerStager}. */
export interface StageLayersOptions extends AbortOptions {
  readonly staging: Staging;
  readonly policy: MetadataPolicy;
  readonly batch: XattrBatch;
  /**
   * Where to record the exact bytes of the layers, and the number of each layer there. Undefined: nothing
   * is recorded.
   */
  readonly exact?:
    { readonly sidecar: string; readonly numberOf: (layer: number) => number } | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly onProgress?: ((event: StagingProgress) => void) | undefined;
}

/**
 * Stages files of an image's layers. Each layer is read at most once, whether this stager or someone else
 * reads it.
 */
export interface LayerStager {
  /**
   * The listeners to pass along when a layer is read for its index: they stage every file of it and record
   * its bytes.
   */
  listenersOf(layer: number): readonly LayerListener[];
  /**
   * Reads the layers that a plan names and that are not staged yet, and stages the files that the plan
   * wants. If the bytes of layers are recorded, it stages all files of all layers instead.
   */
  stage(plan: ContentPlan<unknown>, options: AbortOptions): Promise<void>;
  /** The records of the staged layers, by layer number. The caller finishes them. */
  readonly recorders: ReadonlyMap<number, LayerRecorder>;
  /** Discards the records that were not finished. Idempotent. */
  discard(): void;
}

const LAYERS_AT_ONCE = 3;

/** Creates a stager for an image's layers. A staged file must not be used before its layer was read to the end. */
export function createLayerStager(image: Image, options: StageLayersOptions): LayerStager {
  const recorders = new Map<number, LayerRecorder>();
  const done = new Set<number>();
  const { exact, limits } = options;

  /** The listeners that stage the files of a pass or, without a pass, every file of the layer. */
  const listen = (layer: number, pass?: LayerPass<unknown>): readonly LayerListener[] => {
    const what = nameLayer(image, layer);
    const files = createFileStager({ ...options, layer, what });
    const handed = pass === undefined ? handOutFiles(files) : handOutPass(pass, files, what);
    const recorder = startRecorder(image, layer, options);
    const staged: LayerListener = {
      ...handed,
      read(bytes, size) {
        const entries = files.staged.files;
        options.onProgress?.({ kind: "staging", layer, bytes, size, entries });
      },
      end() {
        handed.end?.();
        done.add(layer);
        if (recorder !== undefined) recorders.set(layer, recorder);
      },
    };
    return recorder === undefined ? [staged] : [staged, recorder.listener];
  };
  return {
    recorders,
    listenersOf: (layer) => listen(layer),
    async stage({ passes }, { signal }) {
      const all = image.manifest.value.layers.keys();
      const wanted = exact === undefined ? passes.map(({ layer }) => layer) : [...all];
      const left = wanted.filter((layer) => !done.has(layer));
      const read = (layer: number, stop: AbortSignal): Promise<void> => {
        const pass = exact === undefined ? passes.find((each) => each.layer === layer) : undefined;
        const listeners = listen(layer, pass);
        return readLayerOnce({ image, limits }, layer, listeners, { signal: stop, inThread: true });
      };
      await mapBounded(left, LAYERS_AT_ONCE, read, { signal });
    },
    discard: () => {
      for (const recorder of recorders.values()) recorder.listener.abandon();
    },
  };
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

// SPDX-License-Identifier: MIT
import { compressorsAtOnce } from "../../bytes/compression.ts";
import { createContentPlanner, type ContentPlan } from "../../rootfs/contents/content-plan.ts";
import { handOutPass, type ContentConsumer } from "../../rootfs/contents/hand-out-contents.ts";
import { nameLayer } from "../../rootfs/contents/open-layer-tar.ts";
import { readLayerOnce } from "../../rootfs/contents/read-layer-once.ts";
import { entriesOf, entryOf } from "../../rootfs/export/node-entries.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { LayerIndexCache } from "../../rootfs/layer-index/index-cache.ts";
import {
  createLayerOutput,
  type LayerOutput,
  type LayerOutputOptions,
  type StoredLayer,
} from "../../store/layer-output.ts";
import type { ContentStore } from "../../store/store.ts";
import type { FileUnit } from "../plan/file-units.ts";
import type { NewLayer } from "../plan/new-layer.ts";
import { createIndexedOutput } from "./indexed-output.ts";

export interface WriteLayersOptions extends LayerOutputOptions {
  /** Keeps the indexes of the layers that are written. */
  readonly cache?: LayerIndexCache | undefined;
  /** Called with the number of bytes of content that were written since the last call. Never awaited. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** The index of the layer at a position among those that are written could not be kept. */
  readonly onUnkept?: ((at: number, error: unknown) => void) | undefined;
}

/** One file, for one of the layers that are written at the same time. */
interface Delivery {
  readonly output: LayerOutput;
  readonly unit: FileUnit;
}

/**
 * How many layers are written at the same time, unless their compressors take much memory. Each has an upload, too; more
 * would take more connections, fewer would read the source more often.
 */
const AT_ONCE = 16;

/**
 * Writes new layers with the contents of an image. As many as {@link AT_ONCE} are written at the same time, or fewer (see
 * `compressorsAtOnce`), and each layer of the image that holds something of them is read once for all of these, to its
 * end, which verifies it. While the target stores these, the next ones are compressed. The bytes depend on the image, the layers and the
 * compression alone. If one fails, those that are not complete leave nothing in the target.
 */
export async function writeLayers(
  root: ImageFilesystem,
  layers: readonly NewLayer[],
  target: ContentStore,
  options: WriteLayersOptions,
): Promise<readonly StoredLayer[]> {
  const stop = new AbortController();
  const atOnce = Math.min(AT_ONCE, await compressorsAtOnce(options.compression));
  // A signal of its own for each layer: what reads and sends one listens to it.
  const stoppable = (): WriteLayersOptions => {
    const signals = [stop.signal, ...(options.signal ? [options.signal] : [])];
    return { ...options, signal: AbortSignal.any(signals) };
  };
  const storing: Promise<readonly StoredLayer[]>[] = [];
  /** Of the layers that are compressed, and of those before that are stored. */
  let outputs: readonly LayerOutput[] = [];
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    stop.abort(error);
  };
  try {
    for (let at = 0; at < layers.length; at += atOnce) {
      const some = layers.slice(at, at + atOnce);
      const next = some.map((_, each) => openOutput(root, at + each, target, stoppable()));
      outputs = [...outputs.slice(-atOnce), ...next];
      await fillTogether(root, some, next, stoppable());
      const stored = Promise.all(next.map((output) => output.finish()));
      stored.catch(fail);
      storing.push(stored);
      await Promise.all(next.map(({ compressed }) => compressed));
      // A registry gets layers from the disk: no more than twice as many wait there.
      await storing.at(-2);
    }
    return (await Promise.all(storing)).flat();
  } catch (error) {
    fail(error);
    await Promise.all(outputs.map((output) => output.abort(failure!.error)));
    throw failure!.error;
  }
}

function openOutput(
  { limits }: ImageFilesystem,
  at: number,
  target: ContentStore,
  { cache, onUnkept, ...options }: WriteLayersOptions,
): LayerOutput {
  if (cache === undefined) return createLayerOutput(target, { ...options, limits });
  return createIndexedOutput(target, {
    ...options,
    ...{ limits, cache },
    onUnkept: (error) => onUnkept?.(at, error),
  });
}

/** Writes the contents of layers. */
async function fillTogether(
  root: ImageFilesystem,
  layers: readonly NewLayer[],
  outputs: readonly LayerOutput[],
  options: WriteLayersOptions,
): Promise<void> {
  for (const [at, { head }] of layers.entries()) {
    for (const entry of head) outputs[at]!.entry(entry);
    await outputs[at]!.ready();
  }
  const { passes } = planDeliveries(root, layers, outputs);
  for (const pass of passes) {
    const taking = [...new Set(pass.wants.map(({ output }) => output))];
    const what = nameLayer(root.image, pass.layer);
    const listener = handOutPass(pass, deliverTo(taking, options), what);
    const { signal } = options;
    await readLayerOnce(root, pass.layer, [listener], { signal, inThread: true });
  }
}

function planDeliveries(
  root: ImageFilesystem,
  layers: readonly NewLayer[],
  outputs: readonly LayerOutput[],
): ContentPlan<Delivery> {
  const planner = createContentPlanner<Delivery>();
  for (const [at, { files }] of layers.entries()) {
    for (const unit of files) {
      planner.add(root.location(unit.node)!, { output: outputs[at]!, unit }, unit.node.size);
    }
  }
  return planner.plan();
}

function deliverTo(
  outputs: readonly LayerOutput[],
  { onBytes }: WriteLayersOptions,
): ContentConsumer<Delivery> {
  let current: readonly Delivery[] = [];
  return {
    start(_entry, _position, deliveries) {
      current = deliveries;
      for (const { output, unit } of current) output.entry(entryOf(unit.node, unit.paths[0]!));
    },
    data(chunk) {
      for (const { output } of current) output.data(chunk);
      onBytes?.(chunk.length);
    },
    finish() {
      for (const { output, unit } of current) {
        for (const link of entriesOf(unit.node, unit.paths).slice(1)) output.entry(link);
      }
    },
    async ready() {
      for (const output of outputs) await output.ready();
    },
  };
}

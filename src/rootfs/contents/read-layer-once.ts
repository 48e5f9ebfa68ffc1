// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import type { Entry } from "../../layer/entry.ts";
import type { EntryPosition, LayerHandler } from "../../layer/parse/layer-handler.ts";
import { createLayerParser } from "../../layer/parse/layer-parser.ts";
import {
  nameLayer,
  openLayerTar,
  type LayerSource,
  type LayerTarOptions,
} from "./open-layer-tar.ts";

/**
 * Receives what a layer holds while it is read. Everything is pushed by plain calls: a promise for each
 * entry would take four times as long.
 */
export interface LayerListener extends Required<Pick<LayerHandler, "entry" | "data" | "hole">> {
  /** Each chunk of the uncompressed tar, right after the entries and data that the parser found in it. Valid during the call only. */
  tar?(chunk: Uint8Array): void;
  /** `bytes` of the blob's `size` bytes are read. Called at most once per MiB, and at the end. */
  read?(bytes: number, size: number): void;
  /** Awaited after each chunk of the tar: lets a listener that passes data on slow the reading down. */
  readonly ready?: (() => Promise<void>) | undefined;
  /** The layer was read to its end, and its digest and diffID are right. */
  end?(): void;
  /** The layer or another listener failed: discard everything that was received. Must not throw. */
  abandon?(): void;
}

export type ReadLayerOptions = Omit<LayerTarOptions, "onRead">;

const REPORT_EVERY = 1024 * 1024;

/**
 * Reads a layer once, to its end, and passes each event to all listeners in the order given. An error that
 * a listener throws ends the reading.
 * @throws OciError as `openLayerTar` and `createLayerParser`; `aborted`; what the listeners throw
 */
export async function readLayerOnce(
  source: LayerSource,
  layer: number,
  listeners: readonly LayerListener[],
  options: ReadLayerOptions = {},
): Promise<void> {
  const what = nameLayer(source.image, layer);
  const parser = createLayerParser(tellAll(listeners), { limits: source.limits, what });
  const slow = listeners.filter((listener) => listener.ready !== undefined);
  try {
    const onRead = reportReading(source, layer, listeners);
    for await (const chunk of openLayerTar(source, layer, { ...options, onRead })) {
      throwIfAborted(options.signal, what);
      parser.feed(chunk);
      for (const listener of listeners) listener.tar?.(chunk);
      for (const listener of slow) await listener.ready!();
    }
    parser.end();
  } catch (error) {
    for (const listener of listeners) listener.abandon?.();
    throw error;
  }
}

function tellAll(listeners: readonly LayerListener[]): LayerHandler {
  if (listeners.length === 1) return listeners[0]!;
  return {
    entry(entry: Entry, position: EntryPosition) {
      for (const listener of listeners) listener.entry(entry, position);
    },
    data(chunk) {
      for (const listener of listeners) listener.data(chunk);
    },
    hole(length) {
      for (const listener of listeners) listener.hole(length);
    },
    end() {
      for (const listener of listeners) listener.end?.();
    },
  };
}

function reportReading(
  { image }: LayerSource,
  layer: number,
  listeners: readonly LayerListener[],
): ((bytes: number) => void) | undefined {
  const curious = listeners.filter((listener) => listener.read !== undefined);
  if (curious.length === 0) return undefined;
  const size = image.manifest.value.layers[layer]?.size ?? 0;
  let [read, reported] = [0, 0];
  return (bytes) => {
    read += bytes;
    if (read - reported < REPORT_EVERY && read < size) return;
    reported = read;
    for (const listener of curious) listener.read!(read, size);
  };
}

// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { createChannel } from "../bytes/streams/channel.ts";
import { compress } from "../bytes/compression.ts";
import { createHasher } from "../bytes/hash.ts";
import {
  createLayerWriter,
  type LayerWriter,
  type LayerWriterOptions,
} from "../layer/write/layer-writer.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { type DiffId, diffIdOf, digestOf } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { type Compression, layerMediaType } from "../oci/media-types.ts";
import type { ContentStore } from "./store.ts";

/** A layer's tar on its way into a store: written synchronously, hashed, compressed and stored as it comes. */
export interface TarOutput {
  /** The next bytes of the tar; they are copied. */
  write(bytes: Uint8Array): void;
  /** Resolves when little waits to be stored. Await it between chunks. @throws what storing failed with */
  ready(): Promise<void>;
  /**
   * Ends the layer. When its diffID is not the expected one, nothing of it stays in the store.
   * @throws OciError `diff-id-mismatch`; what storing failed with
   */
  finish(expected?: DiffId): Promise<StoredLayer>;
  /** Gives up: nothing of the layer stays in the store. Idempotent. */
  abort(error: unknown): Promise<void>;
}

/** A new layer on its way into a store, entry by entry. */
export type LayerOutput = Omit<TarOutput, "write"> & Pick<LayerWriter, "entry" | "data">;

export interface StoredLayer {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
}

export interface LayerOutputOptions extends AbortOptions {
  readonly compression: Compression;
  readonly level: number | undefined;
}

const CHUNK = 256 * 1024;
const WAITING = 2 * CHUNK;

/** Starts a layer in the store. End it by `finish` or `abort`. */
export function createLayerOutput(
  target: ContentStore,
  options: LayerOutputOptions & LayerWriterOptions,
): LayerOutput {
  const output = createTarOutput(target, options);
  const writer = createLayerWriter((piece) => output.write(piece), options);
  return {
    entry: (entry) => writer.entry(entry),
    data: (chunk) => writer.data(chunk),
    ready: () => output.ready(),
    async finish(expected) {
      writer.end();
      return output.finish(expected);
    },
    abort: (error) => output.abort(error),
  };
}

/** Starts a layer whose tar is there already, in the store. End it by `finish` or `abort`. */
export function createTarOutput(target: ContentStore, options: LayerOutputOptions): TarOutput {
  const { compression, level, signal } = options;
  const channel = createChannel({ highWaterMark: WAITING });
  const hasher = createHasher("sha256");
  /** Buffers that the reader is done with: without them a large layer leaves gigabytes to collect. */
  const spare: Uint8Array<ArrayBuffer>[] = [];
  let buffer = new Uint8Array(CHUNK);
  let used = 0;
  let flushed = false;

  const flush = (): void => {
    if (used === 0) return;
    const chunk = buffer.subarray(0, used);
    hasher.update(chunk);
    channel.push(chunk);
    buffer = spare.pop() ?? new Uint8Array(CHUNK);
    used = 0;
    flushed = true;
  };
  // The pieces are small (a header is 512 bytes) and borrowed: gathered, they are neither.
  const write = (piece: Uint8Array): void => {
    for (let at = 0; at < piece.length;) {
      const taken = Math.min(piece.length - at, CHUNK - used);
      buffer.set(piece.subarray(at, at + taken), used);
      at += taken;
      used += taken;
      if (used === CHUNK) flush();
    }
  };
  const stored = target.ingest(
    layerMediaType(compression),
    compress(returning(channel.bytes, spare), compression, { level, signal }),
    { signal },
  );
  const abort = async (error: unknown): Promise<void> => {
    channel.fail(error);
    await stored.catch(() => undefined);
  };
  let failed = false;
  let giveUp: (error: unknown) => void = () => undefined;
  stored.catch((error: unknown) => {
    failed = true;
    giveUp(error);
  });

  return {
    write,
    async ready() {
      if (failed) await stored;
      if (!flushed) return;
      flushed = false;
      await new Promise<unknown>((resolve, reject) => {
        giveUp = reject;
        channel.ready().then(resolve, () => stored.then(resolve, reject));
      });
    },
    async finish(expected) {
      flush();
      const diffId = diffIdOf(digestOf("sha256", hasher.hex()));
      if (expected !== undefined && diffId !== expected) {
        const error = mismatch(expected, diffId);
        await abort(error);
        throw error;
      }
      channel.end();
      return { descriptor: await stored, diffId };
    },
    abort,
  };
}

function mismatch(expected: DiffId, got: DiffId): OciError {
  return new OciError(
    "diff-id-mismatch",
    `new layer: expected the diffID ${expected}, got ${got}`,
    {
      details: { expected, got },
    },
  );
}

/** The same bytes; each buffer is spare again as soon as the reader asks for the next chunk. */
async function* returning(
  bytes: Bytes,
  spare: Uint8Array<ArrayBuffer>[],
): Bytes & AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    yield chunk;
    spare.push(new Uint8Array(chunk.buffer as ArrayBuffer));
  }
}

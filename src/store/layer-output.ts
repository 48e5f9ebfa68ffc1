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

/**
 * A layer's tar on its way into a store. Writes are synchronous; the bytes are hashed, compressed and stored
 * as they come.
 */
export interface TarOutput {
  /** Adds the next bytes of the tar. They are copied. */
  write(bytes: Uint8Array): void;
  /**
   * Resolves when few bytes are still waiting to be stored. Await it between chunks.
   * @throws any error of storing
   */
  ready(): Promise<void>;
  /**
   * Ends the layer. If its diffID is not the expected one, nothing of the layer stays in the store.
   * @throws OciError `diff-id-mismatch`; any error of storing
   */
  finish(expected?: DiffId): Promise<StoredLayer>;
  /** Gives the layer up: nothing of it stays in the store. Idempotent. */
  abort(error: unknown): Promise<void>;
  /**
   * Resolves when the layer is compressed, or failed, so that its compressor is free; it may have to be sent still. Never
   * rejects.
   */
  readonly compressed: Promise<void>;
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

export interface CreateLayerOptions extends LayerOutputOptions, LayerWriterOptions {
  /** Called with each piece of the tar, in order. Its memory is the writer's once this returns. */
  readonly onTar?: ((piece: Uint8Array) => void) | undefined;
}

const CHUNK = 256 * 1024;
const WAITING = 2 * CHUNK;

/** Starts a new layer in the store. The caller ends it with `finish` or `abort`. */
export function createLayerOutput(
  target: ContentStore,
  { onTar, ...options }: CreateLayerOptions,
): LayerOutput {
  const output = createTarOutput(target, options);
  const writer = createLayerWriter((piece) => {
    output.write(piece);
    onTar?.(piece);
  }, options);
  return {
    entry: (entry) => writer.entry(entry),
    data: (chunk) => writer.data(chunk),
    ready: () => output.ready(),
    async finish(expected) {
      writer.end();
      return output.finish(expected);
    },
    abort: (error) => output.abort(error),
    compressed: output.compressed,
  };
}

/** Starts a layer in the store from an existing tar. The caller ends it with `finish` or `abort`. */
export function createTarOutput(target: ContentStore, options: LayerOutputOptions): TarOutput {
  const { compression, level, signal } = options;
  const channel = createChannel({ highWaterMark: WAITING });
  const hasher = createHasher("sha256");
  /** Buffers to use again. Without them a large layer leaves gigabytes of garbage to collect. */
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
  // The pieces are small (a header is 512 bytes) and their memory is the caller's: copy them into larger chunks.
  const write = (piece: Uint8Array): void => {
    for (let at = 0; at < piece.length;) {
      const taken = Math.min(piece.length - at, CHUNK - used);
      buffer.set(piece.subarray(at, at + taken), used);
      at += taken;
      used += taken;
      if (used === CHUNK) flush();
    }
  };
  const work = compress(returning(channel.bytes, spare), compression, { level, signal });
  const { bytes, ended } = watchEnd(work);
  const stored = target.ingest(layerMediaType(compression), bytes, { signal });
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
    // What is refused before it is read has no end.
    compressed: Promise.race([ended, stored.then(noop, noop)]),
  };
}

function watchEnd(bytes: Bytes): { readonly bytes: Bytes; readonly ended: Promise<void> } {
  let end = noop;
  const ended = new Promise<void>((resolve) => (end = resolve));
  async function* watched(): Bytes & AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } finally {
      end();
    }
  }
  return { bytes: watched(), ended };
}

function noop(): void {
  // who waits only wants to know that it is over
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

/** Passes the bytes on. A buffer can be used again as soon as the reader asks for the next chunk. */
async function* returning(
  bytes: Bytes,
  spare: Uint8Array<ArrayBuffer>[],
): Bytes & AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    yield chunk;
    spare.push(new Uint8Array(chunk.buffer as ArrayBuffer));
  }
}

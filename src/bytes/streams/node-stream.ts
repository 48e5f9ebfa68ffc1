// SPDX-License-Identifier: MIT
import { Readable } from "node:stream";
import type { Duplex } from "node:stream";
import { abortedError } from "../abort.ts";
import type { AbortOptions, Bytes } from "../bytes.ts";

// The one place where Node streams and Bytes meet.

/**
 * Sends bytes through a Node transform. The reader gets the errors of both; a reader that stops early closes
 * `bytes` and destroys the transform. Each chunk of `bytes` is asked for when the transform is done with the
 * one before.
 */
export async function* through(
  bytes: Bytes,
  transform: Duplex,
): Bytes & AsyncGenerator<Uint8Array> {
  const closed = new Promise<void>((resolve) => transform.once("close", resolve));
  const feeding = feed(bytes, transform, closed);
  try {
    yield* transform as AsyncIterable<Uint8Array>;
  } finally {
    transform.destroy();
    await feeding;
  }
}

/**
 * Writes chunk by chunk, each when the one before was taken. An error of `bytes` destroys the transform,
 * whose reader gets it.
 */
async function feed(bytes: Bytes, transform: Duplex, closed: Promise<void>): Promise<void> {
  try {
    for await (const chunk of bytes) {
      await Promise.race([closed, write(transform, chunk)]);
      if (transform.destroyed) return;
    }
    transform.end();
  } catch (error) {
    transform.destroy(error instanceof Error ? error : new Error(String(error), { cause: error }));
  }
}

/** Resolves when the chunk was taken, or failed: the read side reports the failure. */
function write(transform: Duplex, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => transform.write(chunk, () => resolve()));
}

/** What {@link fromReadable} takes. */
export interface FromReadableOptions extends AbortOptions {
  /** For the message when it is stopped. */
  readonly what?: string | undefined;
}

/**
 * The bytes of a Node readable, which is destroyed when the reader stops early, and at once when the
 * signal is given, also while nothing comes. It must not be in object mode.
 * @throws OciError `aborted`; what the readable fails with
 */
export async function* fromReadable(
  readable: Readable,
  { signal, what = "stream" }: FromReadableOptions = {},
): Bytes & AsyncGenerator<Uint8Array> {
  const stop = (): void => void readable.destroy(signal && abortedError(signal, what));
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    yield* readable as AsyncIterable<Uint8Array>;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** A Node readable over bytes. Destroying it closes them. */
export function toReadable(bytes: Bytes): Readable {
  return Readable.from(copies(bytes), { objectMode: false });
}

/** A Readable reads ahead, but a chunk may be used only until the next one is asked for. So it gets copies. */
async function* copies(bytes: Bytes): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) yield new Uint8Array(chunk);
}

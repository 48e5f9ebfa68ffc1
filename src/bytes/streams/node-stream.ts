// SPDX-License-Identifier: MIT
import { Readable } from "node:stream";
import type { Duplex } from "node:stream";
import type { Bytes } from "../bytes.ts";

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

/** The bytes of a Node readable, which is destroyed when the reader stops early. It must not be in object mode. */
export async function* fromReadable(readable: Readable): Bytes & AsyncGenerator<Uint8Array> {
  yield* readable as AsyncIterable<Uint8Array>;
}

/** A Node readable over bytes. Destroying it closes them. */
export function toReadable(bytes: Bytes): Readable {
  return Readable.from(copies(bytes), { objectMode: false });
}

/** A Readable reads ahead, but a chunk may be used only until the next one is asked for. So it gets copies. */
async function* copies(bytes: Bytes): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) yield new Uint8Array(chunk);
}

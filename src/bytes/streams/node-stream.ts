// SPDX-License-Identifier: MIT
import { Readable } from "node:stream";
import type { Duplex } from "node:stream";
import type { Bytes } from "../bytes.ts";

// The one place where Node streams and Bytes meet.

/**
 * Sends bytes through a Node transform. Errors of either side reach the reader; a reader that stops
 * early closes `bytes` and destroys the transform. A chunk of `bytes` is asked for only when the
 * transform is done with the one before.
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

/** Writes every chunk, each after the last was taken; an error destroys the transform, which tells its reader. */
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

/** Resolves when the chunk was taken. A failure shows on the read side, which is the one that is watched. */
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

/** A Readable reads ahead, and a chunk is the reader's only until it asks for the next: so it gets its own. */
async function* copies(bytes: Bytes): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) yield new Uint8Array(chunk);
}

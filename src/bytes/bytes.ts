// SPDX-License-Identifier: MIT

/**
 * Bytes that can be read once, in chunks of any size (64 KiB or more where this library chooses). A chunk
 * belongs to the reader only until it asks for the next one. Resources open at the first `next()`, not
 * before, and are freed when the reader stops early (`break`, `throw`, `return`).
 */
export type Bytes = AsyncIterable<Uint8Array>;

/**
 * Bytes that come on their own, to be read once: `take` is called with each chunk, whose memory belongs to it only until it
 * returns. Resolves after the last of them. What `take` throws ends them, and is thrown.
 */
export type PushedBytes = (take: (chunk: Uint8Array) => void) => Promise<void>;

/** Options of everything that can take long. */
export interface AbortOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Where a {@link Source} is opened. */
export interface OpenOptions extends AbortOptions {
  /** The offset of the first byte to read. Default: 0. */
  readonly offset?: number | undefined;
}

/**
 * Bytes that can be opened again, from the start or from the offset where a reader stopped: the same bytes
 * each time. A source that can only start at its first byte drops the bytes before the offset (`skip`).
 */
export interface Source {
  /** The number of bytes, where it is known beforehand. */
  readonly size?: number | undefined;
  open(options?: OpenOptions): Bytes;
}

/** A source over bytes in memory. */
export function sourceOf(bytes: Uint8Array): Source {
  return { size: bytes.length, open: ({ offset = 0 } = {}) => once(bytes.subarray(offset)) };
}

/** The bytes as a single chunk; none at all when empty. */
export async function* once(bytes: Uint8Array): Bytes & AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  if (bytes.length > 0) yield bytes;
}

// SPDX-License-Identifier: MIT

/** How far back matches reach: the bytes of a block's memory before its input. */
export const WINDOW = 32 * 1024;
/** The most input of a block. */
export const BLOCK = 1024 * 1024;

/** The highest level of this compressor. */
export const HIGHEST_LEVEL = 4;

/**
 * A piece of a stream to compress on its own, in {@link WINDOW} + {@link BLOCK} bytes of memory. That memory goes
 * to whoever compresses it, which may be another thread, and comes back with the output.
 */
export interface DeflateBlock {
  readonly memory: ArrayBuffer;
  /** Bytes of the stream right before the input, at most {@link WINDOW}, for matches to reach back to. */
  readonly before: number;
  /** Bytes of input, from {@link WINDOW} on. */
  readonly length: number;
  /** Whether the stream ends here. Otherwise the output ends at a full byte, and that of the next block follows. */
  readonly isLast: boolean;
  /** 1, the fastest, to {@link HIGHEST_LEVEL}, the smallest. */
  readonly level: number;
}

/** The same memory with the output, from its start on. */
export interface DeflatedBlock {
  readonly memory: ArrayBuffer;
  readonly size: number;
}

/** Memory for a block. */
export function createBlockMemory(): ArrayBuffer {
  return new ArrayBuffer(WINDOW + BLOCK);
}

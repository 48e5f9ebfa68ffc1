// SPDX-License-Identifier: MIT
import type { BlockInput } from "./block-input.ts";
import { LayerFault } from "../format/layer-fault.ts";

/**
 * A part of the parser, written as a generator so that it can wait: it yields when the input is used up, and
 * goes on when there is more, or the input has ended.
 */
export type Step<T> = Generator<undefined, T, undefined>;

/** Waits for the next block, without passing over it; undefined when the input ends before. */
export function* waitForBlock(input: BlockInput): Step<Uint8Array | undefined> {
  for (;;) {
    const block = input.peekBlock();
    if (block !== undefined) return block;
    if (input.ended) return undefined;
    yield;
  }
}

/** Copies the next `size` bytes. @throws LayerFault `truncated` */
export function* readBytes(input: BlockInput, size: number): Step<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  yield* readContent(input, size, {
    data(chunk) {
      bytes.set(chunk, filled);
      filled += chunk.length;
    },
  });
  return bytes;
}

/** Passes on the next `size` bytes as they come. @throws LayerFault `truncated` */
export function* readContent(
  input: BlockInput,
  size: number,
  to: { data(chunk: Uint8Array): void },
): Step<void> {
  let left = size;
  while (left > 0) {
    const chunk = input.take(left);
    if (chunk.length > 0) {
      left -= chunk.length;
      to.data(chunk);
    } else if (input.ended) throw truncated(`${left} more of ${size} bytes of content`);
    else yield;
  }
}

/** Passes over `size` bytes. The input may end before: some writers leave out the last padding. */
export function* skipPadding(input: BlockInput, size: number): Step<void> {
  let left = size - input.skip(size);
  while (left > 0 && !input.ended) {
    yield;
    left -= input.skip(left);
  }
}

/** The error for an input that ended where `expected` should have followed. */
export function truncated(expected: string): LayerFault {
  return new LayerFault("truncated", `expected ${expected}, got the end of the layer`, {
    hint: "The layer was cut off: fetch or write it again.",
  });
}

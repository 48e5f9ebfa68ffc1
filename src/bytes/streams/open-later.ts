// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes.ts";

/**
 * Bytes that are opened at the first `next()`. They can be read once. Unlike a generator, this adds nothing to what each
 * chunk costs.
 */
export function openLater(open: () => Bytes | Promise<Bytes>): Bytes {
  let starting: Promise<IteratorResult<Uint8Array>> | undefined;
  let chunks: AsyncIterator<Uint8Array> | undefined;
  let isOver = false;
  const start = async (): Promise<IteratorResult<Uint8Array>> => {
    const opened = (await open())[Symbol.asyncIterator]();
    const first = opened.next();
    chunks = opened;
    return first;
  };
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => {
      if (chunks !== undefined) return chunks.next();
      if (isOver || starting !== undefined)
        return Promise.resolve({ done: true, value: undefined });
      return (starting = start());
    },
    return: async () => {
      isOver = true;
      // What is being opened can only be closed afterwards.
      await starting?.catch(() => undefined);
      await chunks?.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

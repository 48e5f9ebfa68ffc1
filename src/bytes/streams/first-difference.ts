// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes.ts";

/**
 * The offset of the first byte in which two streams differ, or at which one of them ends; undefined when they
 * are the same. Both are read to their ends, at the same pace, so that streams that verify have verified.
 */
export async function firstDifference(one: Bytes, other: Bytes): Promise<number | undefined> {
  const [first, second] = [createReader(one), createReader(other)];
  let at = 0;
  let found: number | undefined;
  try {
    for (;;) {
      const [here, there] = [await first.fill(), await second.fill()];
      const length = Math.min(here.length, there.length);
      const differing = differsAt(here.subarray(0, length), there.subarray(0, length));
      if (here.length + there.length > 0 && (differing !== undefined || length === 0)) {
        found ??= at + (differing ?? 0);
      }
      if (here.length + there.length === 0) return found;
      at += length;
      first.take(length === 0 ? here.length : length);
      second.take(length === 0 ? there.length : length);
    }
  } finally {
    await first.close();
    await second.close();
  }
}

function differsAt(one: Uint8Array, other: Uint8Array): number | undefined {
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return at;
  return undefined;
}

interface Reader {
  /** What is there of the next bytes; empty at the end. */
  fill(): Promise<Uint8Array>;
  take(count: number): void;
  close(): Promise<void>;
}

function createReader(bytes: Bytes): Reader {
  const iterator = bytes[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array();
  let isDone = false;
  return {
    async fill() {
      while (chunk.length === 0 && !isDone) {
        const step = await iterator.next();
        isDone = step.done === true;
        if (step.done !== true) chunk = step.value;
      }
      return chunk;
    },
    take: (count) => void (chunk = chunk.subarray(count)),
    close: async () => {
      await iterator.return?.();
    },
  };
}

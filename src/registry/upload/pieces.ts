// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";

/** Bytes that are handed out piece by piece. They are read once, from their start to their end. */
export interface Pieces {
  /** The next `length` bytes, or fewer at the end. The piece before it must have been read. */
  next(length: number): Bytes;
  /** Reads what is left, so that a verifying stream is verified. */
  end(): Promise<void>;
  /** Stops reading. Idempotent. */
  close(): Promise<void>;
}

/** Cuts bytes into pieces without copying them. */
export function cutPieces(bytes: Bytes): Pieces {
  const chunks = bytes[Symbol.asyncIterator]();
  let left: Uint8Array = new Uint8Array();
  const fill = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done === true) return false;
    left = next.value;
    return true;
  };
  return {
    async *next(length) {
      for (let missing = length; missing > 0;) {
        if (left.length === 0) {
          if (!(await fill())) return;
          continue;
        }
        const piece = left.subarray(0, missing);
        left = left.subarray(piece.length);
        missing -= piece.length;
        yield piece;
      }
    },
    end: async () => {
      while (await fill());
    },
    close: async () => {
      await chunks.return?.();
    },
  };
}

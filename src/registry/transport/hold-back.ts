// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";
import { withStep } from "../../bytes/streams/chunk-steps.ts";

/**
 * The same bytes, but the chunk that completes `size` is held back until `bytes` has ended. Put after a
 * verifying stream, it keeps wrong content from ever arriving whole at a server that was told the length
 * beforehand.
 */
export function holdBack(bytes: Bytes, size: number): Bytes {
  let seen = 0;
  let held: Uint8Array | undefined;
  return withStep(bytes, {
    onChunk: (chunk) => {
      seen += chunk.length;
      if (seen < size) return chunk;
      // Only the last chunk is copied: a chunk may be reused once the next one is requested.
      held = new Uint8Array(chunk);
      return undefined;
    },
    onEnd: () => held,
  });
}

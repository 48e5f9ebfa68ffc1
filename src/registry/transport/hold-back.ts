// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";

/**
 * The same bytes, but the chunk that completes `size` is held back until `bytes` has ended. Put after a
 * verifying stream, it keeps wrong content from ever arriving whole at a server that was told the length
 * beforehand.
 */
export async function* holdBack(bytes: Bytes, size: number): Bytes & AsyncGenerator<Uint8Array> {
  let seen = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of bytes) {
    seen += chunk.length;
    // Only the last chunk is copied: a chunk may be reused once the next one is requested.
    if (seen < size) yield chunk;
    else held = new Uint8Array(chunk);
  }
  if (held !== undefined) yield held;
}

// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";

/**
 * The same bytes, but the chunk that completes `size` comes only when `bytes` has ended. After a verifying
 * stream it is held back until all of them are verified: what goes out over HTTP with its length said
 * beforehand then never arrives whole when it is wrong.
 */
export async function* holdBack(bytes: Bytes, size: number): Bytes & AsyncGenerator<Uint8Array> {
  let seen = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of bytes) {
    seen += chunk.length;
    // Only the last is copied: a chunk is ours until the next one is asked for.
    if (seen < size) yield chunk;
    else held = chunk.slice();
  }
  if (held !== undefined) yield held;
}

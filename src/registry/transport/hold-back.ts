// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";

/**
 * The same bytes, each chunk a step later. After a verifying stream it keeps the last chunk back until
 * all of them are verified: what goes out over HTTP with its length said beforehand then never arrives
 * whole when it is wrong.
 */
export async function* holdBack(bytes: Bytes): Bytes & AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const chunk of bytes) {
    if (held !== undefined) yield held;
    held = chunk.slice();
  }
  if (held !== undefined) yield held;
}

// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";
import type { Limits } from "../../oci/limits.ts";

/** How fast bytes must move: so many a second, over each `idleTimeout` of waiting. */
export type LeastRate = Pick<Limits, "leastRate" | "idleTimeout">;

/**
 * The same bytes, as long as they come fast enough. Only the time spent waiting for them counts, not what
 * the reader does with them; a single wait without an end is the connection's to end.
 * @param tooSlow makes the error from what came within how many milliseconds
 */
export async function* demandRate(
  bytes: Bytes,
  { leastRate, idleTimeout }: LeastRate,
  tooSlow: (count: number, milliseconds: number) => Error,
): Bytes & AsyncGenerator<Uint8Array> {
  let waited = 0;
  let count = 0;
  let since = performance.now();
  for await (const chunk of bytes) {
    waited += performance.now() - since;
    count += chunk.length;
    if (waited >= idleTimeout) {
      if (count * 1000 < leastRate * waited) throw tooSlow(count, waited);
      waited = 0;
      count = 0;
    }
    yield chunk;
    since = performance.now();
  }
}

/**
 * The same bytes, each chunk watched until the reader comes for the next: when that takes longer than
 * `idleTimeout` and what the rate allows for the chunk, `onSlow` is called, which has to end the reading.
 */
export async function* watchUptake(
  bytes: Bytes,
  { leastRate, idleTimeout }: LeastRate,
  onSlow: () => void,
): Bytes & AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    const timer = setTimeout(onSlow, idleTimeout + (chunk.length * 1000) / leastRate);
    try {
      yield chunk;
    } finally {
      clearTimeout(timer);
    }
  }
}

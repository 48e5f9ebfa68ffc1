// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import type { Limits } from "../oci/limits.ts";

/** The minimum rate in bytes per second, measured over each `idleTimeout` of waiting. */
export type LeastRate = Pick<Limits, "leastRate" | "idleTimeout">;

/**
 * The same bytes, as long as they arrive fast enough. Only the time spent waiting for them counts, not the
 * time that the reader takes. A single endless wait is ended by the connection's own timeout, not here.
 * @param tooSlow makes the error from the number of bytes that arrived and the milliseconds this took
 */
export async function* demandRate(
  bytes: Bytes,
  rate: LeastRate,
  tooSlow: TooSlow,
): Bytes & AsyncGenerator<Uint8Array> {
  const measure = measureRate(rate, tooSlow);
  let since = elapsed();
  for await (const chunk of bytes) {
    measure(chunk.length, elapsed() - since);
    yield chunk;
    since = elapsed();
  }
}

/** As {@link demandRate}, for bytes that are pushed: the same `take`, which throws when they have come too slowly. */
export function demandPushedRate(
  take: (chunk: Uint8Array) => void,
  rate: LeastRate,
  tooSlow: TooSlow,
): (chunk: Uint8Array) => void {
  const measure = measureRate(rate, tooSlow);
  let since = elapsed();
  return (chunk) => {
    measure(chunk.length, elapsed() - since);
    take(chunk);
    since = elapsed();
  };
}

type TooSlow = (count: number, milliseconds: number) => Error;

function measureRate(
  { leastRate, idleTimeout }: LeastRate,
  tooSlow: TooSlow,
): (length: number, milliseconds: number) => void {
  let [waited, count] = [0, 0];
  return (length, milliseconds) => {
    waited += milliseconds;
    count += length;
    if (waited < idleTimeout) return;
    if (count * 1000 < leastRate * waited) throw tooSlow(count, waited);
    [waited, count] = [0, 0];
  };
}

/**
 * The same bytes, but calls `onSlow` when the reader takes too long over a chunk: longer than `idleTimeout`
 * plus the time that the minimum rate allows for the chunk. `onSlow` must end the reading.
 */
export async function* watchUptake(
  bytes: Bytes,
  { leastRate, idleTimeout }: LeastRate,
  onSlow: () => void,
): Bytes & AsyncGenerator<Uint8Array> {
  // One timer for all chunks, which looks at the deadline of the current one.
  let deadline = Infinity;
  const look = (): void => {
    const left = deadline - elapsed();
    if (left <= 0) onSlow();
    else timer = setTimeout(look, Math.min(left, idleTimeout));
  };
  let timer = setTimeout(look, idleTimeout);
  try {
    for await (const chunk of bytes) {
      deadline = elapsed() + idleTimeout + (chunk.length * 1000) / leastRate;
      yield chunk;
      deadline = Infinity;
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The same bytes, as long as they end in time. A single endless wait is ended by the connection's own timeout.
 * @param tooLate makes the error
 */
export async function* endWithin(
  bytes: Bytes,
  milliseconds: number,
  tooLate: () => Error,
): Bytes & AsyncGenerator<Uint8Array> {
  const until = elapsed() + milliseconds;
  for await (const chunk of bytes) {
    if (elapsed() > until) throw tooLate();
    yield chunk;
  }
}

/** Milliseconds since some moment. Unlike `performance.now()`, it loads nothing (1 ms). */
function elapsed(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

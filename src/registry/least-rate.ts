// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import { withStep } from "../bytes/streams/chunk-steps.ts";
import type { Limits } from "../oci/limits.ts";

/** The minimum rate in bytes per second, measured over each `idleTimeout` of waiting. */
export type LeastRate = Pick<Limits, "leastRate" | "idleTimeout">;

/**
 * The same bytes, as long as they arrive fast enough. Only the time spent waiting for them counts, not the
 * time that the reader takes. A single endless wait is ended by the connection's own timeout, not here.
 * @param tooSlow makes the error from the number of bytes that arrived and the milliseconds this took
 */
export function demandRate(bytes: Bytes, rate: LeastRate, tooSlow: TooSlow): Bytes {
  const measure = measureRate(rate, tooSlow);
  let since = 0;
  return withStep(bytes, {
    onAsked: () => void (since = elapsed()),
    onChunk: (chunk) => {
      const now = elapsed();
      measure(chunk.length, now - since);
      since = now;
      return chunk;
    },
  });
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
export function watchUptake(
  bytes: Bytes,
  { leastRate, idleTimeout }: LeastRate,
  onSlow: () => void,
): Bytes {
  // One timer for all chunks, which looks at the deadline of the current one.
  let deadline = Infinity;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const left = deadline - elapsed();
    if (left <= 0) onSlow();
    else timer = setTimeout(look, Math.min(left, idleTimeout));
  };
  return withStep(bytes, {
    onAsked: () => {
      timer ??= setTimeout(look, idleTimeout);
      deadline = Infinity;
    },
    onChunk: (chunk) => {
      deadline = elapsed() + idleTimeout + (chunk.length * 1000) / leastRate;
      return chunk;
    },
    onClose: () => clearTimeout(timer),
  });
}

/**
 * The same bytes, as long as they end in time. A single endless wait is ended by the connection's own timeout.
 * @param tooLate makes the error
 */
export function endWithin(bytes: Bytes, milliseconds: number, tooLate: () => Error): Bytes {
  let until = Infinity;
  return withStep(bytes, {
    onAsked: () => {
      if (until === Infinity) until = elapsed() + milliseconds;
    },
    onChunk: (chunk) => {
      if (elapsed() > until) throw tooLate();
      return chunk;
    },
  });
}

/** Milliseconds since some moment. Unlike `performance.now()`, it loads nothing (1 ms). */
function elapsed(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

// SPDX-License-Identifier: MIT

/** A signal that follows another one after a while. */
export interface LateSignal {
  readonly signal: AbortSignal | undefined;
  /** Stops following. */
  close(): void;
}

/**
 * Follows a signal `milliseconds` later, for work that is worth more ended than stopped and soon ends by itself.
 */
export function followLate(signal: AbortSignal | undefined, milliseconds: number): LateSignal {
  if (signal === undefined) return { signal, close: () => undefined };
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const follow = (): void => {
    timer = setTimeout(() => late.abort(signal.reason), milliseconds);
  };
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true });
  return {
    signal: late.signal,
    close: () => {
      signal.removeEventListener("abort", follow);
      clearTimeout(timer);
    },
  };
}

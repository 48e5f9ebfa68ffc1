// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import { OciError } from "../../oci/errors.ts";
import type { RetryPolicy } from "../options.ts";
import { RegistryError } from "../registry-error.ts";

/** What {@link persist} takes besides the policy. */
export interface PersistOptions {
  readonly signal?: AbortSignal | undefined;
  /** Which failures are worth another attempt. Default: those of `RegistryError.transient`. */
  readonly worthwhile?: ((error: unknown) => boolean) | undefined;
}

/** Whether the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  return error instanceof RegistryError && error.transient;
}

/** So much must have arrived since the last failure for it not to count as one more. */
const PROGRESS = 1024 * 1024;

/** What it takes to try something again that failed: it counts, and it waits. */
export interface Patience {
  /**
   * Waits as the registry asks (Retry-After), else twice as long each time, with jitter. The attempts count
   * anew whenever work that goes on where it broke has got on by a MiB.
   * @param progress how many bytes the work has got to
   * @throws the error, when it is not worth another attempt or there is none left; OciError `aborted`
   */
  afterFailure(error: unknown, progress: number, signal: AbortSignal | undefined): Promise<void>;
}

/** @param worthwhile which failures are worth another attempt */
export function createPatience(
  policy: RetryPolicy,
  worthwhile: (error: unknown) => boolean = isTransient,
): Patience {
  let failures = 0;
  let reached = 0;
  return {
    afterFailure: async (error, progress, signal) => {
      if (progress - reached >= PROGRESS) failures = 0;
      failures += 1;
      reached = progress;
      const wait = delayAfter(policy, failures, error);
      if (failures >= policy.attempts || !worthwhile(error) || wait === undefined) throw error;
      await pause(wait, signal);
    },
  };
}

/**
 * Does something until it succeeds, fails for good, or the attempts are used up: then the last error is
 * thrown.
 * @throws OciError `aborted`; what `attempt` throws
 */
export async function persist<T>(
  policy: RetryPolicy,
  attempt: () => Promise<T>,
  options: PersistOptions = {},
): Promise<T> {
  const patience = createPatience(policy, options.worthwhile);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      await patience.afterFailure(error, 0, options.signal);
    }
  }
}

/** Milliseconds to wait after so many failures; undefined when the registry asks for more than the policy allows. */
export function delayAfter(
  policy: RetryPolicy,
  failures: number,
  error: unknown,
): number | undefined {
  const asked = error instanceof RegistryError ? error.retryAfter : undefined;
  if (asked !== undefined && asked > policy.longestDelay) return undefined;
  const doubled = Math.min(policy.delay * 2 ** (failures - 1), policy.longestDelay);
  // Jitter: requests that failed together must not come back together.
  return Math.max(asked ?? 0, doubled * (0.5 + Math.random() / 2));
}

/** @throws OciError `aborted` */
async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (cause) {
    throw new OciError("aborted", "waiting to ask the registry again: aborted", { cause });
  }
}

// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import { OciError } from "../../oci/errors.ts";
import type { RetryPolicy } from "../registry-options.ts";
import { RegistryError } from "../registry-error.ts";

/** What {@link persist} takes besides the policy. */
export interface PersistOptions {
  readonly signal?: AbortSignal | undefined;
  /** Which failures are worth another attempt. Default: errors with `RegistryError.transient`. */
  readonly worthwhile?: ((error: unknown) => boolean) | undefined;
}

/** Whether the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  return error instanceof RegistryError && error.transient;
}

/** After this many new bytes since the last failure, the attempts are counted from the start again. */
const PROGRESS = 1024 * 1024;

/** Counts failures and waits between attempts. */
export interface Patience {
  /**
   * Waits as long as the registry asks (Retry-After), otherwise twice as long each time, with jitter. The
   * count of attempts starts again whenever resumed work has progressed by a MiB.
   * @param progress how many bytes are done so far
   * @throws the error itself, when it is not worth another attempt or none is left; OciError `aborted`
   */
  afterFailure(error: unknown, progress: number, signal: AbortSignal | undefined): Promise<void>;
}

/** Creates a patience with no failures counted. @param worthwhile which failures are worth another attempt */
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
 * Repeats `attempt` until it succeeds, fails for good or has used up its attempts; then throws the last
 * error.
 * @throws OciError `aborted`; whatever `attempt` throws
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

/**
 * Milliseconds to wait after this many failures; undefined when the registry asks for more than the policy
 * allows.
 */
export function delayAfter(
  policy: RetryPolicy,
  failures: number,
  error: unknown,
): number | undefined {
  const asked = error instanceof RegistryError ? error.retryAfter : undefined;
  if (asked !== undefined && asked > policy.longestDelay) return undefined;
  const doubled = Math.min(policy.delay * 2 ** (failures - 1), policy.longestDelay);
  // Jitter, so that requests which failed together do not come back together.
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

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

/**
 * Does something until it succeeds, fails for good, or the attempts are used up: then the last error is
 * thrown. Waits in between as the registry asks (Retry-After), else twice as long each time, with jitter.
 * @throws OciError `aborted`; what `attempt` throws
 */
export async function persist<T>(
  policy: RetryPolicy,
  attempt: () => Promise<T>,
  options: PersistOptions = {},
): Promise<T> {
  const worthwhile = options.worthwhile ?? isTransient;
  for (let made = 1; ; made += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (made >= policy.attempts || !worthwhile(error)) throw error;
      const wait = delayAfter(policy, made, error);
      if (wait === undefined) throw error;
      await pause(wait, options.signal);
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

/** Waits. @throws OciError `aborted` */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (cause) {
    throw new OciError("aborted", "waiting to ask the registry again: aborted", { cause });
  }
}

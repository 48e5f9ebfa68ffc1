// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { delayAfter, persist } from "./persist.ts";
import { DEFAULT_RETRY_POLICY } from "../registry-options.ts";
import { RegistryError } from "../registry-error.ts";

const policy = { ...DEFAULT_RETRY_POLICY, attempts: 3, delay: 1 };

function failure(options: { transient?: boolean; retryAfter?: number } = {}): RegistryError {
  return new RegistryError("registry-refused", "no", { method: "GET", url: "u", ...options });
}

async function count(error: Error): Promise<number> {
  let attempts = 0;
  const work = persist(policy, async () => {
    await Promise.resolve();
    attempts += 1;
    throw error;
  });
  await expect(work).rejects.toThrow();
  return attempts;
}

describe("retrying", () => {
  it("ends when all attempts are used up", async () => {
    expect(await count(failure({ transient: true }))).toBe(3);
  });
  it("happens only after transient failures", async () => {
    expect(await count(failure())).toBe(1);
    expect(await count(new TypeError("a bug"))).toBe(1);
  });
  it("waits as long as the registry asks, within the policy", async () => {
    expect(delayAfter(policy, 1, failure({ retryAfter: 1_234 }))).toBe(1_234);
    expect(delayAfter(policy, 1, failure({ retryAfter: 86_400_000 }))).toBeUndefined();
    expect(await count(failure({ transient: true, retryAfter: 86_400_000 }))).toBe(1);
  });
  it("waits twice as long each time, but never longer than the policy allows", () => {
    const patient = { ...policy, delay: 1_000, longestDelay: 10_000 };
    for (const [failures, longest] of [
      [1, 1_000],
      [2, 2_000],
      [3, 4_000],
      [30, 10_000],
    ] as const) {
      const wait = delayAfter(patient, failures, failure());
      expect(wait).toBeGreaterThanOrEqual(longest / 2);
      expect(wait).toBeLessThanOrEqual(longest);
    }
  });
  it("ends when it is aborted", async () => {
    const signal = AbortSignal.abort();
    const work = persist(policy, () => Promise.reject(failure({ transient: true })), { signal });
    await expect(work).rejects.toMatchObject({ code: "aborted" });
  });
});

// SPDX-License-Identifier: MIT
import { expect } from "vitest";
import { createRandom, type Random } from "./random.ts";

// OCI_KIT_FUZZ_SECONDS=120   how long all fuzzing takes together
// OCI_KIT_FUZZ_SEED=…        the first input's seed, as a failure prints it
// OCI_KIT_FUZZ_INPUTS=1      at most so many inputs a test

const SECONDS = Number(process.env["OCI_KIT_FUZZ_SECONDS"] ?? 120);
const MOST_INPUTS = Number(process.env["OCI_KIT_FUZZ_INPUTS"] ?? Infinity);
const FIRST_SEED = Number(process.env["OCI_KIT_FUZZ_SEED"] ?? Date.now() % 2 ** 31);
const SLOWEST_INPUT = 30_000;
const MOST_MEMORY = 1536 * 1024 * 1024;

/**
 * Checks one input after the other until its share of the time is over. Each input follows from a seed of
 * its own, which a failure names. An input that takes more than half a minute, or a process that grows
 * beyond 1.5 GiB, is a failure too; one that never ends is found again by the seed that is printed first.
 */
export async function fuzz(
  what: string,
  share: number,
  check: (random: Random, seed: number) => Promise<void> | void,
): Promise<void> {
  console.log(`${what}: from OCI_KIT_FUZZ_SEED=${FIRST_SEED}`);
  const start = performance.now();
  const end = start + SECONDS * 1000 * share;
  let inputs = 0;
  for (let at = start; at < end && inputs < MOST_INPUTS; inputs += 1) {
    const seed = (FIRST_SEED + inputs) % 2 ** 31;
    try {
      await check(createRandom(seed), seed);
    } catch (error) {
      throw new Error(reproduce(what, seed), { cause: error });
    }
    const now = performance.now();
    if (now - at > SLOWEST_INPUT) throw new Error(`slow: ${reproduce(what, seed)}`);
    at = now;
    // the event loop has a turn, and streams end
    if (inputs % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (process.memoryUsage.rss() > MOST_MEMORY)
      throw new Error(`memory: ${reproduce(what, seed)}`);
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${what}: ${inputs} inputs in ${seconds} s`);
  expect(inputs).toBeGreaterThan(0);
}

function reproduce(what: string, seed: number): string {
  return `${what}: OCI_KIT_FUZZ_SEED=${seed} OCI_KIT_FUZZ_INPUTS=1 npm run test:fuzz -- -t ${JSON.stringify(what)}`;
}

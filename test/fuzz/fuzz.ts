// SPDX-License-Identifier: MIT
import { expect } from "vitest";
import { createRandom, type Random } from "./random.ts";

// OCI_KIT_FUZZ_SECONDS=120   the seconds that all fuzzing takes together OCI_KIT_FUZZ_SEED=…        the seed
// of the first input, which a failure prints OCI_KIT_FUZZ_INPUTS=1      at most this many inputs for each
// test

const SECONDS = Number(process.env["OCI_KIT_FUZZ_SECONDS"] ?? 120);
const MOST_INPUTS = Number(process.env["OCI_KIT_FUZZ_INPUTS"] ?? Infinity);
const FIRST_SEED = Number(process.env["OCI_KIT_FUZZ_SEED"] ?? Date.now() % 2 ** 31);
const SLOWEST_INPUT = 30_000;
const MOST_MEMORY = 1536 * 1024 * 1024;

/**
 * Checks one input after the other until its share of the time is over. Each input is made from a seed of its
 * own, which a failure names. It is also a failure if an input takes more than half a minute, or the process
 * grows beyond 1.5 GiB. An input that never ends can be made again from the seed that is printed first.
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
    // lets the event loop run, so that streams can end
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

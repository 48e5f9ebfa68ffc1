// SPDX-License-Identifier: MIT
import { isOciError } from "../../oci/errors.ts";
import { once, type AbortOptions } from "../bytes.ts";
import { compress } from "../compression.ts";
import type { CompressionChoice } from "./compression-choice.ts";

/** A level, and how fast it was on this machine. */
export interface ChosenLevel {
  readonly choice: CompressionChoice;
  /** Compressed bytes a second that one compressor made of the sample. */
  readonly rate: number;
}

export interface ChooseLevelOptions extends AbortOptions {
  /** What is compressed to measure the levels: a few MiB like what will be sent. */
  readonly sample: Uint8Array;
}

// Levels between these differ little from the one below.
const LEVELS = [1, 3, 6, 9, 12, 15, 17, 19];

/**
 * The strongest level of zstd whose compressor, measured here and now, makes compressed bytes at least as fast as
 * they can be sent: then a layer is ready no later than the one before it is sent. One compressor is measured, on one
 * core: layers side by side share both the cores and the line. Level 1 when none is fast enough.
 * Windows are 8 MiB at most at all of these levels, which every decoder in use takes.
 *
 * The measurement may come out otherwise the next time. So say what was chosen, and name it where the same bytes are
 * wanted again.
 * @param rate bytes a second that can be sent
 */
export async function chooseLevel(
  rate: number,
  { sample, signal }: ChooseLevelOptions,
): Promise<ChosenLevel> {
  let chosen: ChosenLevel | undefined;
  // The first use starts the compressor, which would count against the lowest level.
  await measure({ compression: "zstd", level: 1 }, sample.subarray(0, 1024), { signal });
  for (const level of LEVELS) {
    const choice: CompressionChoice = { compression: "zstd", level };
    const measured = await measure(choice, sample, { signal });
    if (measured === undefined) break;
    if (chosen !== undefined && measured < rate) break;
    chosen = { choice, rate: measured };
  }
  return chosen!;
}

/** Compressed bytes a second; undefined for a level that this Node does not have. */
async function measure(
  { compression, level }: CompressionChoice,
  sample: Uint8Array,
  { signal }: AbortOptions,
): Promise<number | undefined> {
  const since = performance.now();
  let length = 0;
  try {
    for await (const chunk of compress(once(sample), compression, { level, signal })) {
      length += chunk.length;
    }
  } catch (error) {
    if (isOciError(error, "unsupported-compression")) return undefined;
    throw error;
  }
  return length / ((performance.now() - since) / 1000);
}

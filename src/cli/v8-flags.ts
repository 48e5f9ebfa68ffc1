// SPDX-License-Identifier: MIT
import { setFlagsFromString } from "node:v8";

// Nearly all garbage of a run dies young, and V8 answers by letting the young generation grow: assembling 1.5 GB took 155 MB
// on Node 20, 228 on 24 and 242 on 26. Kept at its first size it took 107, 122 and 116, in no more time.
//
// Only what V8 reads now and then may be set while it runs: with `--no-incremental-marking` an unpack took 0.93 of the time, and
// one run of about forty ended with "unreachable code" in V8, which was marking when it was set.

/**
 * Lets V8 make the best of WebAssembly only where it runs long. Node 20 compiled the parser of HTTP again, after one answer and
 * with all its might: 120 ms of processor time, in a command of 170. What decodes zstd still gets there within a second.
 */
export function compileWebAssemblyLater(): void {
  setFlagsFromString("--wasm-tiering-budget=100000000");
}

/** For what streams: keeps V8's young generation at its first size. */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/**
 * For what makes a node of every path, which stays. A small young generation would copy them again and
 * again: unpacking 73,000 entries took 0.8 of umoci's time with it, and 0.55 without, in 235 MB instead of 205.
 */
export function letYoungGenerationGrow(): void {
  setFlagsFromString("--semi-space-growth-factor=16");
}

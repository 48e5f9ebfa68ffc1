// SPDX-License-Identifier: MIT
import { setFlagsFromString } from "node:v8";

// Nearly all objects of a run become garbage soon, and V8 responds by growing its young generation: assembling 1.5 GB took
// 155 MB on Node 20, 228 MB on 24 and 242 MB on 26. With a young generation of constant size it took 107, 122 and 116 MB,
// and no more time.
//
// Not every flag is safe to set in a running V8. With `--no-incremental-marking` an unpack took 0.93 of the time, but about
// one run in forty crashed with "unreachable code", because V8 was marking at the moment the flag was set.

/**
 * Makes V8 optimize WebAssembly only after it has run for long. Otherwise Node 20 optimizes its HTTP parser after a single
 * response, which took 120 ms of processor time in a command of 170 ms. The zstd decoder is still optimized within a second.
 */
export function compileWebAssemblyLater(): void {
  setFlagsFromString("--wasm-tiering-budget=100000000");
}

/** Keeps V8's young generation at its initial size, which suits code that streams. */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/**
 * Lets V8's young generation grow again, which suits code that keeps a node for every path: a small young
 * generation copies these nodes again and again. Unpacking 73,000 entries took 0.8 of umoci's time with a
 * small one and 0.55 with a growing one, in 235 MB instead of 205.
 *
 * The old generation may then grow only by half of what was alive in it: V8 let it grow to four times that, of which most was
 * garbage. Unpacking 200,000 files took 209 MB instead of 337, and no more processor time.
 */
export function letYoungGenerationGrow(): void {
  setFlagsFromString("--semi-space-growth-factor=16");
  setFlagsFromString("--heap-growing-percent=50");
}

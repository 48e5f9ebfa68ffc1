// SPDX-License-Identifier: MIT
/**
 * The program `oci-kit`: the process around {@link run}.
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { run } from "./run.ts";

// Nearly all garbage of a run dies young, and V8 answers by letting the young generation grow: assembling 1.5 GB took 155 MB
// on Node 20, 228 on 24 and 242 on 26. Kept at its first size it took 107, 122 and 116, in no more time.
setFlagsFromString("--semi-space-growth-factor=1");

const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => {
    interrupt.abort(new Error(`stopped by ${name}`));
  });
}
// A reader that went away (`oci-kit … | head`) is not a failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exitCode = 0;
});

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interrupt.signal,
});

// SPDX-License-Identifier: MIT
/**
 * The program `oci-kit`: the process around {@link run}.
 * @module
 */
import { run } from "./run.ts";
import { keepYoungGenerationSmall } from "./young-generation.ts";

keepYoungGenerationSmall();

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

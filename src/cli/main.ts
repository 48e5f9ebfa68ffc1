// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import { STOPPED_BY } from "./exit-status.ts";
import { processOutput } from "./output/process-output.ts";
import { run } from "./run.ts";
import { compileWebAssemblyLater, keepYoungGenerationSmall } from "./v8-flags.ts";

/** Milliseconds that a command has for what it must undo when it is stopped, and the registry for its clients. */
const GRACE = 3500;

/** The program `oci-kit`: the process around {@link run}, its signals, its streams and its exit status. */
export async function main(): Promise<void> {
  keepYoungGenerationSmall();
  compileWebAssemblyLater();
  const signal = listenForSignals();
  const stdout = processOutput(process.stdout);
  const stderr = processOutput(process.stderr);
  const { argv, env } = process;
  const status = await run(argv.slice(2), { stdout, stderr, env, signal });
  // What may still wait, for stdin or for a pipe that nobody opens, must not hold who was told to stop.
  if (signal.aborted) process.exit(status);
  process.exitCode = status;
}

/** Given by the first signal; the second ends the process. */
function listenForSignals(): AbortSignal {
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const exit = (): never => process.exit(STOPPED_BY[signal]);
    process.on(signal, () => {
      if (interrupt.signal.aborted) exit();
      interrupt.abort(new OciError("aborted", `stopped by ${signal}`, { details: { signal } }));
      setTimeout(exit, GRACE).unref();
    });
  }
  return interrupt.signal;
}

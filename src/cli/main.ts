// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import { STOPPED_BY } from "./exit-status.ts";
import { processOutput } from "./output/process-output.ts";
import { run } from "./run.ts";
import { stalled } from "./stalled.ts";

/** Milliseconds that a stopped command has to clean up, and a stopped registry to finish its clients' requests. */
const GRACE = 3500;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** The program `oci-kit`: connects {@link run} to the signals, streams and exit status of the process. */
export async function main(): Promise<void> {
  const signal = listenForSignals();
  const stdout = processOutput(process.stdout);
  const stderr = processOutput(process.stderr);
  const { argv, env } = process;
  const status = await run(argv.slice(2), {
    ...{ stdout, stderr, env, signal },
    stalled: stalled(process),
  });
  // A pending read of stdin, or of a pipe that nobody opens, must not keep a stopped process alive.
  if (signal.aborted) leave(status);
  process.exitCode = status;
}

/** Returns a signal that SIGINT or SIGTERM aborts. A second one ends the process at once. */
function listenForSignals(): AbortSignal {
  const interrupt = new AbortController();
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) {
        listenNoMore();
        process.kill(process.pid, signal);
      }
      interrupt.abort(new OciError("aborted", `stopped by ${signal}`, { details: { signal } }));
      setTimeout(() => leave(STOPPED_BY[signal]), GRACE).unref();
    });
  }
  return interrupt.signal;
}

/**
 * Ends the process. If a thread of Node waits for a pipe that nobody opens, the exit waits for that thread: the next
 * signal then ends the process by itself.
 */
function leave(status: number): never {
  listenNoMore();
  process.exit(status);
}

/** From now on a signal ends the process by itself. */
function listenNoMore(): void {
  for (const signal of SIGNALS) process.removeAllListeners(signal);
}

// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { abortedError, throwIfAborted } from "../../../bytes/abort.ts";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { systemReason } from "../../../files/system-error.ts";
import { OciError } from "../../../oci/errors.ts";
import type { ShellCommand } from "./shell-command.ts";

/** Options of {@link runCommand}. */
export interface RunCommandOptions extends AbortOptions {
  /** What runs, for messages. */
  readonly what: string;
  readonly onStdout?: ((chunk: Uint8Array) => void) | undefined;
  readonly onStderr?: ((chunk: Uint8Array) => void) | undefined;
  /** In milliseconds. How long the program may take to end after SIGTERM. */
  readonly grace?: number | undefined;
}

/** How a program ended: by itself with a status, or by a signal. */
export type ProgramEnd =
  | { readonly status: number; readonly signal?: undefined }
  | { readonly status?: undefined; readonly signal: NodeJS.Signals };

const GRACE = 10_000;
/** In milliseconds. What still holds the output when the program has ended is not waited for longer. */
const OUTPUT_GRACE = 2000;

// The program must not outlive us, however we die. Beside it, in its process group, a shell waits for the end of a
// pipe that only we hold: when it comes, nobody is left to stop the program, and the shell does. The program itself
// takes the place of the first shell, so that its process id, its exit status and its signals are its own.
const GUARDED = [
  "(trap '' INT TERM HUP; read -r _ <&3; kill -TERM 0; sleep 5; kill -KILL 0) </dev/null >/dev/null 2>&1 &",
  'exec "$@" 3<&-',
].join("\n");

/**
 * Runs a program to its end in a process group of its own, without stdin. When the signal fires, the whole group is
 * told to end (SIGTERM), and killed after the grace; the same happens when this process dies in any way.
 * @returns how it ended, when all that it printed has been given
 * @throws OciError `aborted` when the signal fired and the program is gone; `unsupported-operation` when it can't be
 * started
 */
export async function runCommand(
  command: ShellCommand,
  options: RunCommandOptions,
): Promise<ProgramEnd> {
  const { what, signal, onStdout, onStderr, grace = GRACE } = options;
  throwIfAborted(signal, what);
  const child = spawn("/bin/sh", ["-c", GUARDED, "sh", command.program, ...command.words], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...command.env },
  });
  const { stdout, stderr } = child;
  stdout?.on("data", (chunk: Uint8Array) => onStdout?.(chunk));
  stderr?.on("data", (chunk: Uint8Array) => onStderr?.(chunk));
  const stop = (): void => void endGroup(child, grace);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const end = await ended(child);
    if (signal?.aborted === true) throw abortedError(signal, what);
    return end;
  } catch (error) {
    if (error instanceof OciError) throw error;
    throw new OciError("unsupported-operation", `${what}: ${systemReason(error)}`, {
      cause: error,
    });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** Waits until a program has ended and its output is read. Then nothing of its group is left. */
async function ended(child: ChildProcess): Promise<ProgramEnd> {
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const end = await new Promise<ProgramEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status, signal) =>
      resolve(signal === null ? { status: status ?? 1 } : { signal }),
    );
  });
  // The guard still holds the group's id, so it can't be another program's.
  signalGroup(child, "SIGKILL");
  const waited = new AbortController();
  await Promise.race([
    closed,
    sleep(OUTPUT_GRACE, undefined, { signal: waited.signal }).catch(() => undefined),
  ]);
  waited.abort();
  for (const stream of child.stdio) stream?.destroy();
  return end;
}

async function endGroup(child: ChildProcess, grace: number): Promise<void> {
  signalGroup(child, "SIGTERM");
  await sleep(grace, undefined, { ref: false });
  if (child.exitCode === null && child.signalCode === null) signalGroup(child, "SIGKILL");
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: nothing of it is left.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

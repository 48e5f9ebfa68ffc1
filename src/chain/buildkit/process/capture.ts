// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { escapeText } from "../../../bytes/byte-string.ts";
import { isOciError, OciError } from "../../../oci/errors.ts";
import { runCommand } from "./run-command.ts";
import type { ShellCommand } from "./shell-command.ts";

/** In milliseconds. A program that only answers a question, perhaps from another machine, gets no longer. */
const PATIENCE = 30_000;
/** In bytes. */
const LONGEST = 16 * 1024 * 1024;

/** Options of {@link capture}. */
export interface CaptureOptions extends AbortOptions {
  /** In milliseconds. Default: half a minute. */
  readonly timeout?: number | undefined;
}

/**
 * Runs a program that answers a question, and returns what it prints on stdout.
 * @throws OciError `unsupported-operation` when it fails, with what it printed on stderr, and when it can't be
 * started; `unreachable` when it does not end in time; `aborted`
 */
export async function capture(
  command: ShellCommand,
  options: CaptureOptions = {},
): Promise<string> {
  const { signal, timeout = PATIENCE } = options;
  const what = [command.program, ...command.words.slice(0, 2)].join(" ");
  const late = AbortSignal.timeout(timeout);
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  let taken = 0;
  const collect = (chunks: Uint8Array[]) => (chunk: Uint8Array) => {
    taken += chunk.length;
    if (taken <= LONGEST) chunks.push(chunk);
  };
  try {
    const end = await runCommand(command, {
      what,
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      onStdout: collect(out),
      onStderr: collect(err),
    });
    if (end.status === 0) return Buffer.concat(out).toString("utf8");
    const said = Buffer.concat(err).toString("utf8").trim().slice(-1000);
    throw new OciError("unsupported-operation", `${what}: ${escapeText(said) || "failed"}`);
  } catch (error) {
    if (!isOciError(error, "aborted") || signal?.aborted === true) throw error;
    const message = `${what}: expected an answer within ${timeout / 1000} seconds, got none`;
    throw new OciError("unreachable", message, { cause: error });
  }
}

// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type { Context } from "./context.ts";
import { DONE, exitStatusOf } from "./exit-status.ts";
import { printDocument, printLines, printText } from "./output/print.ts";
import { errorDocument, renderError } from "./output/render-error.ts";
import { version } from "./version.ts";

/**
 * Runs the command line once. Never throws and never exits the process: every outcome becomes the
 * returned exit status. A command's modules are imported only when that command runs.
 * @param words the arguments after the program's name
 */
export async function run(words: readonly string[], context: Context): Promise<number> {
  try {
    const running = runWords(words, context);
    const status = await (context.stalled ? Promise.race([running, context.stalled]) : running);
    await context.stdout.flushed?.();
    return status;
  } catch (thrown) {
    const error = context.signal.aborted ? interruption(context.signal) : thrown;
    printText(context.stderr, renderError(error));
    if (words.includes("--json")) printDocument(context.stdout, errorDocument(error));
    await Promise.allSettled([context.stdout.flushed?.(), context.stderr.flushed?.()]);
    return exitStatusOf(error);
  }
}

async function runWords(words: readonly string[], context: Context): Promise<number> {
  if (words[0] === "--version" || words[0] === "-v") {
    printLines(context.stdout, [version()]);
    return DONE;
  }
  const { runProgram } = await import("./program.ts");
  return runProgram(words, context);
}

/** The error to report for an interrupted command: the interruption, whatever error it led to. */
function interruption({ reason }: AbortSignal): OciError {
  const why = reason instanceof Error ? reason.message : "interrupted";
  const details = reason instanceof OciError ? reason.details : {};
  return new OciError("aborted", `${why}; what was complete stays`, { details, cause: reason });
}

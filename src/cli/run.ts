// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type { Context } from "./context.ts";
import { DONE, exitStatusOf } from "./exit-status.ts";
import { errorDocument, renderError } from "./output/render-error.ts";

/**
 * Runs the command line once. Never throws and never exits the process: everything ends in the
 * returned exit status. What a command needs is imported when it runs.
 * @param words the arguments after the program's name
 */
export async function run(words: readonly string[], context: Context): Promise<number> {
  try {
    if (words[0] === "--version" || words[0] === "-v") {
      context.stdout.write(`${await version()}\n`);
      return DONE;
    }
    const { runProgram } = await import("./program.ts");
    return await runProgram(words, context);
  } catch (thrown) {
    const error = context.signal.aborted ? interruption(context.signal) : thrown;
    context.stderr.write(renderError(error));
    if (words.includes("--json")) {
      context.stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
    }
    return exitStatusOf(error);
  }
}

/** Whatever an interrupted command failed with, the reason is the interruption. */
function interruption({ reason }: AbortSignal): OciError {
  const why = reason instanceof Error ? reason.message : "interrupted";
  return new OciError("aborted", `${why}; what was complete stays`, { cause: reason });
}

/** The version in package.json: it stands at the same place beside `src` and beside `dist`. */
async function version(): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

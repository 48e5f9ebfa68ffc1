// SPDX-License-Identifier: MIT
import { Command, CommanderError } from "commander";
import type { Context } from "./context.ts";
import { makeInvoke, type Register } from "./command.ts";
import { DONE, exitStatusOf, FAILED } from "./exit-status.ts";
import { errorDocument, renderError } from "./render-error.ts";
import { assembleCommand } from "./commands/assemble.ts";
import { copyCommand } from "./commands/copy.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { manifestCommand } from "./commands/manifest.ts";
import { retagCommand } from "./commands/retag.ts";
import { serveCommand } from "./commands/serve.ts";
import { tagsCommand } from "./commands/tags.ts";
import { verifyLinksCommand } from "./commands/verify-links.ts";

const COMMANDS: readonly Register[] = [
  assembleCommand,
  verifyLinksCommand,
  manifestCommand,
  retagCommand,
  copyCommand,
  inspectCommand,
  tagsCommand,
  serveCommand,
];

const ABOUT = `Packages OCI images for several architectures: no daemon, no emulator, no root.

References: host/repo:tag, host/repo@sha256:…, oci:DIR[:TAG], oci-archive:FILE[:TAG],
docker-archive:FILE[:TAG] (- is stdin or stdout), dir:DIR. A bare word is a tag of the
repository that oci-kit.yaml names.`;

const STATUSES = `
Exit status: 0 it holds or it is done; 2 it was checked and does not hold;
1 it failed, was asked wrongly, could not tell, or found nothing to check.`;

/**
 * Runs the command line once. Never throws and never exits the process: everything ends in the
 * returned exit status.
 * @param words the arguments after the program's name
 */
export async function run(words: readonly string[], context: Context): Promise<number> {
  let status = DONE;
  const program = new Command("oci-kit")
    .description(ABOUT)
    .version(await version(), "-v, --version")
    .addHelpText("after", STATUSES)
    .exitOverride()
    .showHelpAfterError("(oci-kit COMMAND --help shows how it is used)")
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    });
  const invoke = makeInvoke(context, (ended) => {
    status = ended;
  });
  for (const register of COMMANDS) register(program, invoke);
  try {
    await program.parseAsync([...words], { from: "user" });
    return status;
  } catch (error) {
    // commander has printed its own message; its help and version end with status 0
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : FAILED;
    context.stderr.write(renderError(error));
    if (words.includes("--json")) {
      context.stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
    }
    return exitStatusOf(error);
  }
}

/** The version in package.json: it stands at the same place beside `src` and beside `dist`. */
export async function version(): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

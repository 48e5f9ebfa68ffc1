// SPDX-License-Identifier: MIT
import { Command, CommanderError } from "commander";
import { OciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";
import { didYouMean } from "../oci/near-miss.ts";
import {
  collect,
  makeInvoke,
  prose,
  withConfiguration,
  withDirectory,
  type CommonFlags,
  type Register,
} from "./command.ts";
import { appendCommand } from "./commands/append.ts";
import { artifactCommand } from "./commands/artifact.ts";
import { assembleCommand } from "./commands/assemble.ts";
import { cacheCommand } from "./commands/cache.ts";
import { catCommand } from "./commands/cat.ts";
import { catalogCommand } from "./commands/catalog.ts";
import { chainCommand } from "./commands/chain.ts";
import { completeCommand, completionCommand } from "./commands/completion.ts";
import { configCommand } from "./commands/config.ts";
import { copyCommand } from "./commands/copy.ts";
import { deleteCommand } from "./commands/delete.ts";
import { diffCommand } from "./commands/diff.ts";
import { digestCommand } from "./commands/digest.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export.ts";
import { findCommand } from "./commands/find.ts";
import { flattenCommand } from "./commands/flatten.ts";
import { historyCommand } from "./commands/history.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { loginCommand } from "./commands/login.ts";
import { logoutCommand } from "./commands/logout.ts";
import { lsCommand } from "./commands/ls.ts";
import { manifestCommand } from "./commands/manifest.ts";
import { packCommand } from "./commands/pack.ts";
import { pruneCommand } from "./commands/prune.ts";
import { rebaseCommand } from "./commands/rebase.ts";
import { rechunkCommand } from "./commands/rechunk.ts";
import { referrersCommand } from "./commands/referrers.ts";
import { retagCommand } from "./commands/retag.ts";
import { serveCommand } from "./commands/serve.ts";
import { statCommand } from "./commands/stat.ts";
import { storeCommand } from "./commands/store.ts";
import { tagsCommand } from "./commands/tags.ts";
import { tokenCommand } from "./commands/token.ts";
import { unpackCommand } from "./commands/unpack.ts";
import { verifyCommand } from "./commands/verify.ts";
import { verifyLinksCommand } from "./commands/verify-links.ts";
import type { Context } from "./context.ts";
import { DONE, FAILED } from "./exit-status.ts";
import { FIND_FLAGS, OTHER_COMMANDS, OTHER_FLAGS } from "./input/other-tools-words.ts";
import { printText } from "./output/print.ts";

/** In the order of the help, which is that of README.md. */
const COMMANDS: readonly (readonly [name: string, register: Register])[] = [
  ["assemble", assembleCommand],
  ["verify-links", verifyLinksCommand],
  ["manifest", manifestCommand],
  ["chain", chainCommand],
  ["copy", copyCommand],
  ["retag", retagCommand],
  ["artifact", artifactCommand],
  ["unpack", unpackCommand],
  ["pack", packCommand],
  ["export", exportCommand],
  ["verify", verifyCommand],
  ["append", appendCommand],
  ["rebase", rebaseCommand],
  ["flatten", flattenCommand],
  ["rechunk", rechunkCommand],
  ["config", configCommand],
  ["store", storeCommand],
  ["ls", lsCommand],
  ["cat", catCommand],
  ["stat", statCommand],
  ["find", findCommand],
  ["history", historyCommand],
  ["diff", diffCommand],
  ["inspect", inspectCommand],
  ["digest", digestCommand],
  ["tags", tagsCommand],
  ["catalog", catalogCommand],
  ["referrers", referrersCommand],
  ["delete", deleteCommand],
  ["prune", pruneCommand],
  ["login", loginCommand],
  ["logout", logoutCommand],
  ["doctor", doctorCommand],
  ["serve", serveCommand],
  ["token", tokenCommand],
  ["cache", cacheCommand],
  ["completion", completionCommand],
];

const ABOUT = prose(`
  Packages OCI images for several architectures: no daemon, no emulator, no root.

  References: host/repo:tag, host/repo@sha256:…, oci:DIR[:TAG], oci-archive:FILE[:TAG],
  docker-archive:FILE[:TAG] (- is stdin or stdout), dir:DIR. A bare word is a tag of the
  repository that oci-kit.yaml names.`);

const AFTERWARDS = `
The main job, in a directory with an oci-kit.yaml:
  oci-kit assemble --arch riscv64
  oci-kit verify-links out/linux-runtime
  oci-kit manifest push latest-cross

Exit status: 0 it holds or it is done; 2 it was checked and does not hold;
1 it failed, was asked wrongly, could not tell, or found nothing to check.`;

const WIDEST = 100;
/** The hidden command that the completion scripts call. */
const COMPLETE = "__complete";

/**
 * Parses the words and runs the command they name.
 * @returns the exit status
 * @throws OciError `invalid-argument` for an unknown command or wrong arguments; whatever the command throws
 */
export async function runProgram(typed: readonly string[], context: Context): Promise<number> {
  const words = askedFor(typed);
  let status = DONE;
  const program = createProgram(context);
  const before = (): CommonFlags => program.opts();
  const invoke = makeInvoke(context, before, (ended) => {
    status = ended;
  });
  // registering all commands takes 5 ms, so only those that the words may name are registered
  const isCompleting = words[0] === COMPLETE;
  const named = isCompleting ? [] : COMMANDS.filter(([name]) => words.includes(name));
  if (isCompleting) completeCommand(program, invoke);
  for (const [, register] of named.length > 0 ? named : COMMANDS) register(program, invoke);
  eachCommand(program, refuseRepeated);
  try {
    await program.parseAsync([...words], { from: "user" });
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return DONE;
    if (error.code === "commander.help") return FAILED; // a command group without a command: commander has printed its help
    throw wrongWords(error, usedCommand(program, words));
  }
}

/** The words, but `cpoy` for `help cpoy`: commander would print the help of the whole, and not say why. */
function askedFor(words: readonly string[]): readonly string[] {
  const [first, name] = words;
  const isUnknown = name !== undefined && !COMMANDS.some(([known]) => known === name);
  return first === "help" && isUnknown && !name.startsWith("-") ? words.slice(1) : words;
}

function createProgram({ stdout, stderr }: Context): Command {
  return withConfiguration(withDirectory(new Command("oci-kit")))
    .description(ABOUT)
    .option("-v, --version", "print the version")
    .addHelpText("after", AFTERWARDS)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => printText(stdout, text),
      writeErr: (text) => printText(stderr, text),
      outputError: () => undefined, // reported like every other error
      getOutHelpWidth: () => Math.min(stdout.columns ?? WIDEST, WIDEST),
      getErrHelpWidth: () => Math.min(stderr.columns ?? WIDEST, WIDEST),
    });
}

function eachCommand(command: Command, work: (command: Command) => void): void {
  work(command);
  for (const below of command.commands) eachCommand(below, work);
}

/** Refuses an option given twice unless it may be repeated: commander would silently use the last value. */
function refuseRepeated(command: Command): void {
  for (const option of command.options) {
    if (option.isBoolean() || option.parseArg === collect) continue;
    let seen = false;
    command.on(`option:${option.name()}`, () => {
      if (!seen) {
        seen = true;
        return;
      }
      throw new OciError(
        "invalid-argument",
        `${option.long ?? option.flags}: expected it once, got it twice`,
      );
    });
  }
}

/** The command that the words name, or the group as far as they name one. */
function usedCommand(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((child) => child.name() === word);
    if (next === undefined) break;
    command = next;
  }
  return command;
}

/** `manifest push`: the names of a command and of the groups above it. */
function fullName(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${fullName(parent)} ${command.name()}` : command.name();
}

function wrongWords(error: CommanderError, command: Command): OciError {
  const [text = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  // The value of a misspelled option may be a password.
  const message = text.replace(/^(unknown option '[^'=]+)=.*'$/, "$1'");
  const name = command.parent === null ? "" : `${fullName(command)} `;
  const help = `oci-kit ${name}--help says what there is`;
  const isBefore = command.parent === null && /^unknown option/.test(message);
  const meant =
    otherToolsWord(message, command) ??
    nearChoice(message) ??
    suggestion?.replace(/^\(|\)$/g, "") ??
    (isBefore ? "The options of a command stand after it;" : undefined);
  const [excess] = command.args;
  if (
    command.commands.length > 0 &&
    command.options.length === 0 &&
    /^unknown option/.test(message)
  ) {
    const expected = `${fullName(command)}: expected one of its commands`;
    return new OciError("invalid-argument", `${expected}, got an ${message.slice(8)}`, {
      hint: help,
    });
  }
  const isBelow = error.code === "commander.excessArguments" && command.commands.length > 0;
  return new OciError(
    "invalid-argument",
    isBelow && excess !== undefined ? `unknown command ${quote(excess)}` : message,
    { hint: meant === undefined ? help : `${meant} ${help}` },
  );
}

/** The word that was probably meant where an option takes one of a few. */
function nearChoice(message: string): string | undefined {
  const [, typed, words] =
    /(?:argument|value) '([^']*)' is invalid.*Allowed choices are (.*)\.$/.exec(message) ?? [];
  if (typed === undefined || words === undefined) return undefined;
  return didYouMean(typed, words.split(", ")).hint;
}

/** What another tool's word is here; undefined where it is none, or means nothing for this command. */
function otherToolsWord(message: string, command: Command): string | undefined {
  const [, kind, word = ""] = /^unknown (command|option) '([^'=]+)/.exec(message) ?? [];
  if (kind === "command" && command.parent === null) {
    const typed = OTHER_COMMANDS.get(word);
    return typed && `Here it is ${typed};`;
  }
  if (kind === "command" && COMMANDS.some(([name]) => name === word)) {
    return `Here it is oci-kit ${word};`;
  }
  const flag = kind === "option" ? (OTHER_FLAGS.get(word) ?? FIND_FLAGS.get(word)) : undefined;
  const isThere = command.options.some(({ long }) => long === flag);
  return flag !== undefined && isThere ? `Did you mean ${flag}?` : undefined;
}

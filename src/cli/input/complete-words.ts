// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import type { Context } from "../context.ts";

/** What `login` and `logout` call their argument. */
export const LOGIN_PLACE = "HOST[/PATH]";
/** Milliseconds that a completion waits for a registry. */
const PATIENCE = 2000;
/** The flags of `chain` whose value is a stage. */
const STAGE_FLAGS: readonly string[] = ["--from", "--to", "--only", "--why"];

/**
 * Completes the last word: to a command, a flag, a value of a flag that has a fixed set of them, or a tag of
 * the repository or layout that the word names. Returns nothing where the shell completes file names itself.
 * @param words all words after the program's name; the last may be empty
 */
export async function completeWords(
  program: Command,
  words: readonly string[],
  context: Context,
): Promise<readonly string[]> {
  const last = words.at(-1) ?? "";
  const { command, flag } = readWords(program, words.slice(0, -1));
  const values = command.options.find(({ long, short }) => flag === long || flag === short);
  if (values?.argChoices !== undefined) return starting(values.argChoices, last);
  if (isChain(command) && STAGE_FLAGS.includes(flag ?? "")) {
    return starting(await stagesOf(context), last);
  }
  if (last.startsWith("-")) return starting(["--help", ...flagsOf(command)], last);
  const below = command.commands.filter((one) => !isHidden(one)).map((one) => one.name());
  if (below.length > 0) return starting(below, last);
  const [argument] = command.registeredArguments;
  if (argument?.argChoices !== undefined) return starting(argument.argChoices, last);
  if (argument?.name() === LOGIN_PLACE) return starting(await loginsOf(context), last);
  return tagsOf(last, context);
}

/** The command that the words name, and the flag they end with, whose value may come next. */
function readWords(
  program: Command,
  words: readonly string[],
): { readonly command: Command; readonly flag: string | undefined } {
  let command = program;
  for (const word of words) {
    command = command.commands.find((one) => one.name() === word) ?? command;
  }
  const before = words.at(-1);
  return { command, flag: before?.startsWith("-") === true ? before : undefined };
}

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({ long, hidden }) =>
    typeof long === "string" && !hidden ? [long] : [],
  );
}

function isHidden(command: Command): boolean {
  return command.name().startsWith("__");
}

function starting(all: readonly string[], start: string): string[] {
  return all.filter((one) => one.startsWith(start)).sort();
}

function isChain(command: Command): boolean {
  return command.parent?.name() === "chain";
}

/** The stages of the configuration here; none if there is none, or a broken one. */
async function stagesOf(context: Context): Promise<readonly string[]> {
  const { findConfigured } = await import("./configured.ts");
  const found = await findConfigured(context).catch(() => undefined);
  return Object.keys(found?.document.stages ?? {});
}

/** The registries that there are credentials for; none if they can't be read. */
async function loginsOf({ env }: Context): Promise<readonly string[]> {
  const { listLogins } = await import("../../registry/login/list-logins.ts");
  return listLogins({ environment: env }).catch(() => []);
}

/** The completions of `oci:DIR:TAG` and `host/repository:TAG`; none if the tags can't be listed. */
async function tagsOf(word: string, { signal, registry }: Context): Promise<readonly string[]> {
  const [, place = "", start = ""] =
    /^((?:oci:)?[^:]*(?::\d+\/[^:]*)?[^:]):([\w.-]*)$/.exec(word) ?? [];
  if (!/^oci:.|\/./.test(place)) return [];
  const { listTags } = await import("../../image/by-reference/list-tags.ts");
  const stop = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  try {
    const { tags } = await listTags(place, { signal: stop, registry });
    return starting(tags, start).map((tag) => `${place}:${tag}`);
  } catch {
    return [];
  }
}

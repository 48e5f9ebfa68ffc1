// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { fileError } from "../files/system-error.ts";
import type { Context } from "./context.ts";
import { openProgressLine, type ProgressLine } from "./output/progress.ts";

/** What a command hands back: the same facts for programs and for people. */
export interface Outcome {
  readonly status: number;
  /** Printed as it is with `--json`; stable, see docs/json.md. */
  readonly document: object;
  /** Printed otherwise. */
  readonly text: string;
  /** The command's own bytes went to stdout: what is told goes to stderr. */
  readonly tookStdout?: boolean | undefined;
  /** What goes on after the outcome was told, until it ends or is interrupted: a server. */
  readonly afterwards?: (() => Promise<void>) | undefined;
}

/** What a command's action is given besides its own arguments. */
export interface Session {
  readonly context: Context;
  readonly progress: ProgressLine;
}

/** Registers one command of the program; its work is imported only when it runs. */
export type Register = (program: Command, invoke: Invoke) => void;

/** The flags that more than one command has. */
export interface CommonFlags {
  readonly json?: true | undefined;
  readonly plainHttp?: true | undefined;
  readonly config?: string | false | undefined;
  /** The directory to go to first. */
  readonly C?: string | undefined;
}

/** Runs a command's action and keeps its outcome for the exit status. */
export type Invoke = (
  options: CommonFlags,
  action: (session: Session) => Promise<Outcome>,
) => Promise<void>;

/**
 * Makes the function through which every command runs: one place for `--json`, progress and status.
 * @param before the flags that were given before the command's name
 */
export function makeInvoke(
  context: Context,
  before: () => CommonFlags,
  finish: (status: number) => void,
): Invoke {
  return async (options, action) => {
    const progress = openProgressLine(context.stderr);
    const here = process.cwd();
    const general = before();
    const configuration = options.config ?? general.config;
    const told = options.plainHttp === true ? { registry: PLAIN_HTTP } : {};
    try {
      for (const directory of [general.C, options.C]) if (directory !== undefined) goTo(directory);
      const { status, document, text, tookStdout, afterwards } = await action({
        context: { ...context, ...told, ...(configuration !== undefined && { configuration }) },
        progress,
      });
      progress.clear();
      const output = tookStdout === true ? context.stderr : context.stdout;
      output.write(options.json === true ? `${JSON.stringify(document, null, 2)}\n` : text);
      finish(status);
      await afterwards?.();
    } finally {
      progress.clear();
      process.chdir(here);
    }
  };
}

const PLAIN_HTTP = Object.freeze({ plainHttp: true });

function goTo(directory: string): void {
  try {
    process.chdir(directory);
  } catch (error) {
    throw fileError("unreadable", directory, error);
  }
}

/** Adds the options that every command has. */
export function withJson(command: Command): Command {
  return withDirectory(command.option("--json", "print the result as JSON"));
}

/** Adds the options of every command that may ask a registry, and so know a tag of the configured one. */
export function withRegistry(command: Command): Command {
  return withConfiguration(withJson(command)).option(
    "--plain-http",
    "reach registries without TLS, as loopback ones are",
  );
}

/** Adds the option that says where everything is looked for. */
export function withDirectory(command: Command): Command {
  return command.option("-C <DIR>", "go to this directory first");
}

/** Adds the options that say which configuration counts. */
export function withConfiguration(command: Command): Command {
  return command
    .option("--config <FILE>", "this oci-kit.yaml, instead of the one that is found")
    .option("--no-config", "no oci-kit.yaml, whatever is found");
}

/** Collects the values of an option that may be given again. */
export function collect(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value];
}

/** Paragraphs as they stand in the source: every line break but those between paragraphs is a blank. */
export function prose(text: string): string {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replace(/\s*\n\s*/g, " "))
    .join("\n\n");
}

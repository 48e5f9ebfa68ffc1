// SPDX-License-Identifier: MIT
import { Option, type Command } from "commander";
import { fileError } from "../files/system-error.ts";
import { OciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";
import type { Context } from "./context.ts";
import { printBytes, printDocument, printLines } from "./output/print.ts";
import {
  openProgress,
  PROGRESS_KINDS,
  type Progress,
  type ProgressKind,
} from "./output/progress.ts";

/** What a command hands back: the same facts for programs and for people. */
export interface Outcome {
  readonly status: number;
  /** Printed as it is with `--json`; stable, see docs/json.md. */
  readonly document: object;
  /** Printed otherwise; each stays one line, whatever is in it. */
  readonly lines: readonly string[];
  /** A document as it is stored, printed instead of the lines. */
  readonly bytes?: Uint8Array | undefined;
  /** What has to be said besides, on stderr. */
  readonly notices?: readonly string[] | undefined;
  /** The command's own bytes went to stdout: what is told goes to stderr. */
  readonly tookStdout?: boolean | undefined;
  /** What goes on after the outcome was told, until it ends or is interrupted: a server. */
  readonly afterwards?: (() => Promise<void>) | undefined;
}

/** What a command's action is given besides its own arguments. */
export interface Session {
  readonly context: Context;
  readonly progress: Progress;
  /** Whether the result is one JSON document on stdout. */
  readonly json: boolean;
  /** Says something on stderr while the command goes on. */
  readonly warn: (message: string) => void;
}

/** Registers one command of the program; its work is imported only when it runs. */
export type Register = (program: Command, invoke: Invoke) => void;

/** The flags that more than one command has. */
export interface CommonFlags {
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
  readonly progress?: ProgressKind | undefined;
  readonly plainHttp?: true | undefined;
  readonly config?: string | false | undefined;
  /** The directory to go to first. */
  readonly C?: string | undefined;
  readonly limit?: readonly string[] | undefined;
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
    const progress = openProgress(context.stderr, progressKind(options, context));
    const here = process.cwd();
    const general = before();
    const configuration = options.config ?? general.config;
    const warn = (message: string): void => {
      progress.clear();
      printLines(context.stderr, [`oci-kit: ${message}`]);
    };
    try {
      for (const directory of [general.C, options.C]) if (directory !== undefined) goTo(directory);
      const session = {
        context: {
          ...context,
          ...(await told(options)),
          ...(configuration !== undefined && { configuration }),
        },
        progress,
        json: options.json === true,
        warn,
      };
      const outcome = await action(session);
      outcome.notices?.forEach(warn);
      progress.clear();
      tell(outcome, session);
      finish(outcome.status);
      await outcome.afterwards?.();
    } finally {
      progress.clear();
      process.chdir(here);
    }
  };
}

/** What the common flags say about the world. Without them the context stays as it is. */
async function told({ plainHttp, limit }: CommonFlags): Promise<Partial<Context>> {
  if (limit === undefined) return plainHttp === true ? { registry: { plainHttp } } : {};
  const { parseLimits } = await import("./input/limits.ts");
  const limits = parseLimits(limit);
  return { limits, registry: { limits, ...(plainHttp === true && { plainHttp }) } };
}

function tell({ document, lines, bytes, tookStdout }: Outcome, { context, json }: Session): void {
  const output = tookStdout === true ? context.stderr : context.stdout;
  if (json) printDocument(output, document);
  else if (bytes === undefined) printLines(output, lines);
  else printBytes(output, bytes);
}

function progressKind({ quiet, progress = "auto" }: CommonFlags, { env }: Context): ProgressKind {
  if (quiet === true) return "none";
  return progress === "auto" && env["TERM"] === "dumb" ? "plain" : progress;
}

function goTo(directory: string): void {
  try {
    process.chdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw fileError("unreadable", directory, error);
    const got = code === "ENOENT" ? "nothing" : "a file";
    throw new OciError("not-found", `-C ${quote(directory)}: expected a directory, got ${got}`, {
      cause: error,
    });
  }
}

/** Adds the options that every command has. */
export function withJson(command: Command): Command {
  const common = command
    .option("--json", "print the result as JSON")
    .option("-q, --quiet", "tell no progress, only results, warnings and errors")
    .addOption(
      new Option("--progress <HOW>", "on stderr: drawn, lines, an event a line").choices(
        PROGRESS_KINDS,
      ),
    )
    .option(
      "--limit <NAME=N>",
      "raise or lower a limit that an error names, as holeBytes=10GiB; may be repeated",
      collect,
    );
  return withDirectory(common);
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

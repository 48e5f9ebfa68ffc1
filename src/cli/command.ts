// SPDX-License-Identifier: MIT
import { Option, type Command } from "commander";
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
}

/** Runs a command's action and keeps its outcome for the exit status. */
export type Invoke = (
  options: CommonFlags,
  action: (session: Session) => Promise<Outcome>,
) => Promise<void>;

/** Makes the function through which every command runs: one place for `--json`, progress and status. */
export function makeInvoke(context: Context, finish: (status: number) => void): Invoke {
  return async (options, action) => {
    const progress = openProgress(context.stderr, progressKind(options, context));
    const warn = (message: string): void => {
      progress.clear();
      printLines(context.stderr, [`oci-kit: ${message}`]);
    };
    const session = {
      context: options.plainHttp === true ? { ...context, registry: PLAIN_HTTP } : context,
      progress,
      json: options.json === true,
      warn,
    };
    try {
      const outcome = await action(session);
      outcome.notices?.forEach(warn);
      progress.clear();
      tell(outcome, session);
      finish(outcome.status);
      await outcome.afterwards?.();
    } finally {
      progress.clear();
    }
  };
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

const PLAIN_HTTP = Object.freeze({ plainHttp: true });

/** Adds the options that every command has. */
export function withJson(command: Command): Command {
  return command
    .option("--json", "print the result as JSON")
    .option("-q, --quiet", "tell no progress, only results, warnings and errors")
    .addOption(
      new Option("--progress <HOW>", "on stderr: drawn, lines, an event a line").choices(
        PROGRESS_KINDS,
      ),
    );
}

/** Adds the options of every command that may ask a registry. */
export function withRegistry(command: Command): Command {
  return withJson(command).option(
    "--plain-http",
    "reach registries without TLS, as loopback ones are",
  );
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

// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { Option, type Command } from "commander";
import { defaultJournalDirectory, defaultSpoolDirectory } from "../store/cache-directory.ts";
import { fileError, reading } from "../files/system-error.ts";
import { OciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";
import { readHabitsFile } from "../registry/habits/habits-file.ts";
import type { RegistryOptions } from "../registry/repository.ts";
import type { Context } from "./context.ts";
import type { RegistryFlags } from "./input/registry-flags.ts";
import { printBytes, printDocument, printLines } from "./output/print.ts";
import {
  openProgress,
  PROGRESS_KINDS,
  type Progress,
  type ProgressKind,
} from "./progress/progress.ts";

/** What a command returns: the same facts once for programs and once for people. */
export interface Outcome {
  readonly status: number;
  /** Printed unchanged with `--json`. Its shape is stable, see docs/json.md. */
  readonly document: object;
  /** Printed without `--json`. Line breaks within an element are escaped. */
  readonly lines: readonly string[];
  /** A stored document, printed byte for byte instead of the lines. */
  readonly bytes?: Uint8Array | undefined;
  /** Further messages, printed on stderr. */
  readonly notices?: readonly string[] | undefined;
  /** True when the command wrote its own bytes to stdout. The document or lines then go to stderr. */
  readonly tookStdout?: boolean | undefined;
  /** Runs after the outcome was printed, until it ends or is interrupted. Used by `serve`. */
  readonly afterwards?: (() => Promise<void>) | undefined;
}

/** What every command's action receives in addition to its own arguments. */
export interface Session {
  readonly context: Context;
  readonly progress: Progress;
  /** Whether the result is one JSON document on stdout. */
  readonly json: boolean;
  /** Prints a warning on stderr while the command continues. */
  readonly warn: (message: string) => void;
}

/** Adds one command to the program. The modules that do its work are imported only when it runs. */
export type Register = (program: Command, invoke: Invoke) => void;

/** The flags that more than one command has. */
export interface CommonFlags extends RegistryFlags {
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
  readonly progress?: ProgressKind | undefined;
  readonly config?: string | false | undefined;
  /** The directory to change to before anything else. */
  readonly C?: string | undefined;
  readonly limit?: readonly string[] | undefined;
}

/** Runs a command's action, prints its outcome and reports its exit status. */
export type Invoke = (
  options: CommonFlags,
  action: (session: Session) => Promise<Outcome>,
) => Promise<void>;

/**
 * Makes the function that runs every command, so that `--json`, progress and exit status are handled in one place.
 * @param before returns the flags that were given before the command's name
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
      if (typeof configuration === "string") checkIsThere(configuration);
      const lines = watchLines(context);
      const session = {
        context: {
          ...context,
          ...(await told(options, { ...context, ...lines }, warn)),
          ...(configuration !== undefined && { configuration }),
        },
        progress,
        json: options.json === true,
        warn,
      };
      const outcome = await action(session);
      await lines.keep();
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

/** Collects how fast the lines to registries are, as uploads measure them, to keep it for the next command. */
function watchLines(context: Context): {
  readonly onUploadRate: NonNullable<RegistryOptions["onUploadRate"]>;
  keep(): Promise<void>;
} {
  const rates = new Map<string, number>();
  return {
    onUploadRate: (rate, registry) => void rates.set(registry, rate),
    async keep() {
      if (rates.size === 0) return;
      const { keepLineRates } = await import("./input/line-rates.ts");
      keepLineRates(context, rates);
    },
  };
}

/** The parts of the context that the common flags and the environment say. */
async function told(
  options: CommonFlags,
  { registry, env, onUploadRate }: Context & Pick<RegistryOptions, "onUploadRate">,
  warn: (message: string) => void,
): Promise<Partial<Context>> {
  const { plainHttp, https, ca, insecure } = options;
  let reach: RegistryOptions = {
    ...(registry ?? {
      journalDirectory: defaultJournalDirectory(env),
      spoolDirectory: defaultSpoolDirectory(env),
      habits: () => readHabitsFile(env),
      onMirrorFailed: ({ mirror, error }) =>
        warn(`mirror ${mirror}: ${error.message}; asking the next`),
    }),
    onUploadRate,
  };
  if ([plainHttp, https, ca, insecure].some((flag) => flag !== undefined)) {
    const { registryOptions } = await import("./input/registry-flags.ts");
    reach = { ...reach, ...registryOptions(options, env) };
  }
  if (options.limit === undefined) return { registry: reach };
  const { parseLimits } = await import("./input/values/limits.ts");
  const limits = parseLimits(options.limit);
  return { limits, registry: { ...reach, limits } };
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

/** A `--config` that names nothing is refused by every command, also by one that could do without it. */
function checkIsThere(configuration: string): void {
  const look = (): unknown => statSync(configuration, { throwIfNoEntry: false });
  if (reading(configuration, look) !== undefined) return;
  throw new OciError(
    "not-found",
    `--config ${quote(configuration)}: expected an oci-kit.yaml, got nothing there`,
    {
      hint: "Without --config it is found from the path that the command is about; --no-config wants none.",
    },
  );
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
      "raise or lower a limit that an error names, as holeBytes=10GB; may be repeated",
      collect,
    );
  return withDirectory(common);
}

/** Adds the options of a command that may access a registry, including those for the configuration, which names one. */
export function withRegistry(command: Command): Command {
  return withConfiguration(withJson(command))
    .option("--plain-http", "reach registries without TLS")
    .option("--https", "reach registries by https alone, on loopback too")
    .option("--ca <FILE>", "trust this authority's certificate (PEM) too")
    .option(
      "--insecure",
      "accept any certificate, so that anyone in between can read and change everything",
    );
}

/** Adds the option of a command that may write an archive. */
export function withReplace(command: Command): Command {
  return command.option("--replace", "write over an archive that exists");
}

/** Adds `-C`, which changes the working directory. */
export function withDirectory(command: Command): Command {
  return command.option("-C <DIR>", "go to this directory first");
}

/** Adds the options that choose the configuration. */
export function withConfiguration(command: Command): Command {
  return command
    .option("--config <FILE>", "this oci-kit.yaml, instead of the one that is found")
    .option("--no-config", "no oci-kit.yaml, whatever is found");
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value];
}

/** Joins the lines of each paragraph of a template literal. An empty line separates paragraphs. */
export function prose(text: string): string {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replace(/\s*\n\s*/g, " "))
    .join("\n\n");
}

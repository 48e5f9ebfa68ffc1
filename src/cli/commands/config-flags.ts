// SPDX-License-Identifier: MIT
import type { ConfigEdits } from "../../image/edit/edit-config.ts";
import { OciError } from "../../oci/errors.ts";
import type { Healthcheck } from "../../oci/documents/image-config.ts";
import { parseTypedPlatform } from "../../oci/known-platforms.ts";
import { quote } from "../../oci/quote.ts";
import type { ReferenceFlags } from "../input/reference-options.ts";

/** The flags of `oci-kit config`, as they were typed. */
export interface ConfigFlags extends ReferenceFlags {
  readonly env?: readonly string[];
  readonly unsetEnv?: readonly string[];
  readonly clearEnv?: true;
  readonly label?: readonly string[];
  readonly unsetLabel?: readonly string[];
  readonly annotation?: readonly string[];
  readonly unsetAnnotation?: readonly string[];
  readonly expose?: readonly string[];
  readonly unexpose?: readonly string[];
  readonly volume?: readonly string[];
  readonly unsetVolume?: readonly string[];
  readonly entrypoint?: string;
  readonly cmd?: string;
  readonly shell?: string;
  readonly onbuild?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly stopSignal?: string;
  readonly healthcheckCmd?: string;
  readonly healthcheckInterval?: string;
  readonly healthcheckTimeout?: string;
  readonly healthcheckStartPeriod?: string;
  readonly healthcheckRetries?: string;
  /** False after `--no-healthcheck`. */
  readonly healthcheck: boolean;
  readonly argsEscaped?: string;
  readonly author?: string;
  readonly created?: string;
  readonly setPlatform?: string;
}

/**
 * The edits to a configuration that flags ask for. An empty value removes a setting.
 * @param warn told what is doubtful
 * @throws OciError `invalid-argument`, also when no flag changes anything
 */
export function configEditsOf(flags: ConfigFlags, warn: (message: string) => void): ConfigEdits {
  const edits: ConfigEdits = {
    env: mapEdit("--env", flags.env, flags.unsetEnv, flags.clearEnv),
    labels: mapEdit("--label", flags.label, flags.unsetLabel),
    annotations: mapEdit("--annotation", flags.annotation, flags.unsetAnnotation),
    exposedPorts: setEdit(flags.expose, flags.unexpose),
    volumes: setEdit(flags.volume, flags.unsetVolume),
    entrypoint: wordsOf("--entrypoint", flags.entrypoint),
    cmd: wordsOf("--cmd", flags.cmd),
    shell: wordsOf("--shell", flags.shell),
    onBuild: flags.onbuild && (flags.onbuild.join("") === "" ? null : flags.onbuild),
    user: textOf(flags.user),
    workingDir: textOf(flags.workdir),
    stopSignal: textOf(flags.stopSignal),
    healthcheck: healthcheckOf(flags),
    argsEscaped: booleanOf("--args-escaped", flags.argsEscaped),
    author: textOf(flags.author),
    created: textOf(flags.created),
    platform:
      flags.setPlatform === undefined ? undefined : parseTypedPlatform(flags.setPlatform, warn),
  };
  if (Object.values(edits).some((edit) => edit !== undefined)) return edits;
  throw new OciError(
    "invalid-argument",
    "config: expected a flag that changes something, got none",
    {
      hint: "oci-kit config --help says what there is",
    },
  );
}

function mapEdit(
  flag: string,
  set: readonly string[] | undefined,
  remove: readonly string[] | undefined,
  clear?: true,
): ConfigEdits["env"] {
  if (set === undefined && remove === undefined && clear === undefined) return undefined;
  return { clear, remove, set: Object.fromEntries((set ?? []).map((pair) => pairOf(flag, pair))) };
}

function pairOf(flag: string, text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw wrong(flag, "NAME=VALUE", text);
}

function setEdit(
  add: readonly string[] | undefined,
  remove: readonly string[] | undefined,
): ConfigEdits["volumes"] {
  return add === undefined && remove === undefined ? undefined : { add, remove };
}

/** Parses a JSON array of strings or a single word. An empty text gives null. */
function wordsOf(flag: string, text: string | undefined): readonly string[] | null | undefined {
  if (text === undefined) return undefined;
  if (text === "") return null;
  if (!/[\s[]/.test(text)) return [text];
  const words = parseWords(text);
  if (words !== undefined) return words;
  throw wrong(flag, `one word, or several as '["sh","-c","…"]'`, text);
}

function parseWords(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isWords = Array.isArray(value) && value.every((word) => typeof word === "string");
    return isWords ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(text: string | undefined): string | null | undefined {
  return text === "" ? null : text;
}

function booleanOf(flag: string, text: string | undefined): boolean | null | undefined {
  if (text === undefined) return undefined;
  if (text === "") return null;
  if (text === "true" || text === "false") return text === "true";
  throw wrong(flag, "true or false", text);
}

/** `--no-healthcheck` also disables a health check inherited from a base; an empty command removes the setting. */
function healthcheckOf(flags: ConfigFlags): Healthcheck | null | undefined {
  if (!flags.healthcheck) return { Test: ["NONE"] };
  const { healthcheckCmd: command } = flags;
  const times = {
    Interval: durationOf("--healthcheck-interval", flags.healthcheckInterval),
    Timeout: durationOf("--healthcheck-timeout", flags.healthcheckTimeout),
    StartPeriod: durationOf("--healthcheck-start-period", flags.healthcheckStartPeriod),
    Retries: countOf("--healthcheck-retries", flags.healthcheckRetries),
  };
  const isTimed = Object.values(times).some((value) => value !== undefined);
  if (command !== undefined && command !== "") return { Test: testOf(command), ...times };
  if (!isTimed) return command === "" ? null : undefined;
  throw wrong("--healthcheck-cmd", "a command, with the other flags of a health check", command);
}

function testOf(command: string): readonly string[] {
  const words = command.startsWith("[") ? parseWords(command) : undefined;
  return words === undefined ? ["CMD-SHELL", command] : ["CMD", ...words];
}

const UNITS: Readonly<Record<string, number>> = Object.freeze({
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
});

/** Parses a duration into nanoseconds. */
function durationOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? [];
  if (number !== undefined && unit !== undefined) return Number(number) * UNITS[unit]!;
  throw wrong(flag, "a time as 500ms, 30s or 2m", text);
}

function countOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw wrong(flag, "a whole number", text);
}

function wrong(flag: string, expected: string, got: string | undefined): OciError {
  return new OciError("invalid-argument", `${flag}: expected ${expected}, got ${quote(got)}`);
}

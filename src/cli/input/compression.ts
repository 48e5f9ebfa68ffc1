// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { ChosenLevel } from "../../bytes/level/choose-level.ts";
import {
  chooseFor,
  formatCompression,
  parseCompression,
  type CompressionChoice,
  type CompressionWish,
} from "../../bytes/level/compression-choice.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import type { Configuration } from "../../config/configuration.ts";
import { formatLocation, type Location } from "../../image/location.ts";
import { OciError } from "../../oci/errors.ts";
import type { Session } from "../command.ts";
import { lineRate } from "./line-rates.ts";
import { parseRate } from "./values/rate.ts";

/** The flags that say how layers are compressed. */
export interface CompressionFlags {
  readonly compression?: string | undefined;
  readonly rate?: string | undefined;
}

/** How layers are to be compressed. */
export interface PlannedCompression {
  /** For the library; with `auto`, the level is chosen when the first layer is to be compressed. */
  readonly wish: CompressionWish | undefined;
  /** What it came to; undefined where nothing was said, and with `auto` as long as no level was needed. */
  readonly chosen: () => CompressionChoice | undefined;
  /** Bytes a second that `auto` goes by; undefined without it, and where the line was not measured yet. */
  readonly rate: number | undefined;
}

type Telling = Pick<Session, "warn" | "context">;

const SAMPLE = 4 * 1024 * 1024;

/**
 * How layers are to be compressed that are sent to `target`. `auto` takes the rate that is given, else what the line to
 * the target's registry was measured to take, else zstd's usual level; when it chooses, it says what.
 * @throws OciError `invalid-argument`
 */
export function planCompression(
  { compression, rate }: CompressionFlags,
  session: Telling,
  target: Location,
): PlannedCompression {
  if (compression !== "auto") {
    if (rate !== undefined) throw rateAlone();
    const wish =
      compression === undefined
        ? undefined
        : parseCompression(compression, "--compression", ["auto"]);
    return { wish, chosen: () => wish, rate: undefined };
  }
  const line = rate === undefined ? knownLine(target, session) : undefined;
  const wanted = rate === undefined ? line?.rate : parseRate("--rate", rate);
  let chosen: CompressionChoice | undefined;
  let choosing: Promise<CompressionChoice> | undefined;
  const choose = (): Promise<CompressionChoice> =>
    wanted === undefined ? Promise.resolve(usual(line!, session)) : strongestFor(wanted, session);
  const level = async (): Promise<number | undefined> => {
    chosen = await (choosing ??= choose());
    return chosen.level;
  };
  return { wish: { compression: "zstd", level }, chosen: () => chosen, rate: wanted };
}

/** The same for a command that compresses in any case: `auto` is decided and said before anything is done. */
export async function compressionOf(
  flags: CompressionFlags,
  session: Telling,
  target: Location,
): Promise<CompressionChoice | undefined> {
  const { wish } = planCompression(flags, session, target);
  return wish && chooseFor(wish);
}

/** The flags, or what the configuration says in place of them. */
export function configuredCompression(
  configuration: Configuration | undefined,
  { compression, rate }: CompressionFlags = {},
): CompressionFlags {
  const configured = configuration?.document.compression;
  if (compression !== undefined) return { compression, rate };
  if (typeof configured !== "object") return { compression: configured, rate };
  return { compression: "auto", rate: rate ?? configured.auto.rate };
}

/** What a result says of the compression that was asked for, `auto` by the level that it became. */
export function compressionPart(choice: CompressionChoice | undefined): {
  readonly compression?: string;
} {
  return choice === undefined ? {} : { compression: formatCompression(choice) };
}

/** The line that a target is sent over, as it was measured before. */
interface Line {
  readonly registry: string;
  /** Bytes a second; undefined where too little was sent there yet. */
  readonly rate: number | undefined;
}

function knownLine(target: Location, { context }: Telling): Line {
  if (target.kind !== "registry") throw noLine(target);
  const { registry } = target.reference;
  return { registry, rate: lineRate(context, registry) };
}

function usual({ registry }: Line, { warn }: Telling): CompressionChoice {
  const choice = parseCompression("zstd");
  warn(
    `compression auto: ${formatCompression(choice)}; the line to ${registry} is measured by what is sent now`,
  );
  return choice;
}

async function strongestFor(
  wanted: number,
  { warn, context }: Telling,
): Promise<CompressionChoice> {
  const { chooseLevel } = await import("../../bytes/level/choose-level.ts");
  const chosen = await chooseLevel(wanted, { sample: readSample(), signal: context.signal });
  warn(sayChosen(chosen, wanted));
  return chosen.choice;
}

function sayChosen({ choice, rate }: ChosenLevel, wanted: number): string {
  const name = formatCompression(choice);
  const made = `${formatBytes(Math.round(rate))}/s`;
  const sent = `${formatBytes(wanted)}/s`;
  return rate < wanted
    ? `compression auto: ${name}, which makes ${made} here: no level is as fast as ${sent}`
    : `compression auto: ${name}, the strongest that keeps up with ${sent}; it makes ${made} here`;
}

function rateAlone(): OciError {
  return new OciError(
    "invalid-argument",
    "--rate: expected --compression auto with it, got it alone",
    { hint: "--compression auto --rate 4.5MB/s" },
  );
}

function noLine(target: Location): OciError {
  return new OciError(
    "invalid-argument",
    `compression auto: expected a registry as the target, got ${formatLocation(target)}, to which no line leads that was measured`,
    { hint: "Say what the line takes that it will be sent over: --rate 4.5MB/s" },
  );
}

/** Some of Node's own program, which is like what images hold. */
function readSample(): Uint8Array {
  const fd = openSync(process.execPath, "r");
  try {
    const { size } = fstatSync(fd);
    const sample = new Uint8Array(Math.min(SAMPLE, size));
    return sample.subarray(0, readSync(fd, sample, 0, sample.length, (size - sample.length) >> 1));
  } finally {
    closeSync(fd);
  }
}

// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { ChosenLevel } from "../../bytes/level/choose-level.ts";
import {
  formatCompression,
  parseCompression,
  type CompressionChoice,
} from "../../bytes/level/compression-choice.ts";
import { OciError } from "../../oci/errors.ts";
import type { Session } from "../command.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { parseRate } from "./values/rate.ts";

/** The flags that say how layers are compressed. */
export interface CompressionFlags {
  readonly compression?: string | undefined;
  readonly rate?: string | undefined;
}

/** The line that layers go over, as it was measured before. */
export interface KnownLine {
  readonly registry: string;
  /** Bytes a second; undefined where nothing was sent there yet. */
  readonly rate: number | undefined;
}

const SAMPLE = 4 * 1024 * 1024;

/**
 * How layers are to be compressed; undefined when nothing is said. `auto` is decided here, before anything is
 * compressed, and said. Where no rate is given, it is that of the known line; zstd's usual level where that was not
 * measured yet.
 * @throws OciError `invalid-argument`
 */
export async function compressionOf(
  { compression, rate }: CompressionFlags,
  { warn, context }: Pick<Session, "warn" | "context">,
  line?: KnownLine,
): Promise<CompressionChoice | undefined> {
  const isAuto = compression === "auto";
  if (isAuto && rate === undefined && line !== undefined) {
    if (line.rate !== undefined) return strongestFor(line.rate, { warn, context });
    const usual = parseCompression("zstd");
    warn(
      `--compression auto: ${formatCompression(usual)}; the line to ${line.registry} is measured by what is sent now`,
    );
    return usual;
  }
  if (isAuto !== (rate !== undefined)) {
    const hint = "--compression auto --rate 4.5MB/s";
    const got = isAuto ? "auto alone" : "--rate alone";
    throw new OciError(
      "invalid-argument",
      `--compression: expected auto together with --rate, got ${got}`,
      { hint },
    );
  }
  if (!isAuto) {
    return compression === undefined ? undefined : parseCompression(compression, "--compression");
  }
  return strongestFor(parseRate("--rate", rate!), { warn, context });
}

async function strongestFor(
  wanted: number,
  { warn, context }: Pick<Session, "warn" | "context">,
): Promise<CompressionChoice> {
  const { chooseLevel } = await import("../../bytes/level/choose-level.ts");
  const chosen = await chooseLevel(wanted, { sample: readSample(), signal: context.signal });
  warn(sayChosen(chosen, wanted));
  return chosen.choice;
}

/** What a result says of the compression that was asked for, `auto` by the level that it became. */
export function compressionPart(choice: CompressionChoice | undefined): {
  readonly compression?: string;
} {
  return choice === undefined ? {} : { compression: formatCompression(choice) };
}

function sayChosen({ choice, rate }: ChosenLevel, wanted: number): string {
  const name = formatCompression(choice);
  const made = `${formatBytes(Math.round(rate))}/s`;
  const sent = `${formatBytes(wanted)}/s`;
  return rate < wanted
    ? `--compression auto: ${name}, which makes ${made} here: no level is as fast as ${sent}`
    : `--compression auto: ${name}, the strongest that keeps up with ${sent}; it makes ${made} here`;
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

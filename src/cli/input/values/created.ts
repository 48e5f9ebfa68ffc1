// SPDX-License-Identifier: MIT
import { checkSeconds, formatCreated, parseRfc3339 } from "../../../image/edit/history.ts";
import { OciError } from "../../../oci/errors.ts";
import type { Context } from "../../context.ts";

const SECONDS = /^\d{1,12}$/;

/**
 * Parses a time that a user typed, either whole seconds since 1970 or RFC 3339, into seconds since 1970.
 * @throws OciError `invalid-argument`, naming the option
 */
export function parseTime(option: string, text: string): number {
  if (SECONDS.test(text)) return secondsOf(option, text);
  const time = parseRfc3339(text);
  if (time !== undefined) return Math.floor(time / 1000);
  throw new OciError(
    "invalid-argument",
    `${option}: expected seconds since 1970 or a time as 2026-01-31T12:00:00Z, got ${JSON.stringify(text)}`,
  );
}

/**
 * Reads SOURCE_DATE_EPOCH, which may only hold whole seconds since 1970
 * (https://reproducible-builds.org/specs/source-date-epoch).
 * @throws OciError `invalid-argument`
 */
export function sourceDateEpochOf(env: Context["env"]): number | undefined {
  const text = env["SOURCE_DATE_EPOCH"];
  if (text === undefined || text === "") return undefined;
  if (SECONDS.test(text)) return secondsOf("SOURCE_DATE_EPOCH", text);
  throw new OciError(
    "invalid-argument",
    `SOURCE_DATE_EPOCH: expected seconds since 1970, got ${JSON.stringify(text)}`,
  );
}

function secondsOf(option: string, text: string): number {
  checkSeconds(option, Number(text));
  return Number(text);
}

/** SOURCE_DATE_EPOCH as the RFC 3339 time that images record. @throws OciError `invalid-argument` */
export function createdOf(env: Context["env"]): string | undefined {
  const epoch = sourceDateEpochOf(env);
  return epoch === undefined ? undefined : formatCreated(epoch);
}

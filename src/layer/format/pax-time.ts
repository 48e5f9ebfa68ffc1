// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { LayerFault } from "./layer-fault.ts";

const BILLION = 1_000_000_000;
const TIME = /^(-?)(0{0,64}[0-9]{1,16})(?:\.([0-9]*))?$/;

/** A point in time: `seconds` since 1970, rounded down, plus 0 to 999,999,999 nanoseconds. */
export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/**
 * Parses the decimal seconds of a PAX time record; digits beyond nanoseconds are cut off. `-1.5` becomes -2
 * seconds plus half a second.
 * @throws LayerFault `invalid-layer`
 */
export function parseTime(value: ByteString, what: string): Time {
  const [, sign, whole, fraction] = TIME.exec(value) ?? [];
  const seconds = Number(whole);
  if (!Number.isSafeInteger(seconds)) {
    throw new LayerFault(
      "invalid-layer",
      `${what}: expected decimal seconds, got "${toText(value.slice(0, 64) as ByteString)}"`,
    );
  }
  const nanoseconds = fraction ? Number(fraction.slice(0, 9).padEnd(9, "0")) : 0;
  if (sign !== "-") return { seconds, nanoseconds };
  if (nanoseconds === 0) return { seconds: 0 - seconds, nanoseconds: 0 };
  return { seconds: -1 - seconds, nanoseconds: BILLION - nanoseconds };
}

/** The decimal seconds of a PAX time record, as short as possible. */
export function formatTime({ seconds, nanoseconds }: Time): ByteString {
  const negative = seconds < 0 && nanoseconds > 0;
  const whole = negative ? -1 - seconds : seconds;
  const rest = negative ? BILLION - nanoseconds : nanoseconds;
  const fraction = rest === 0 ? "" : `.${rest.toString().padStart(9, "0").replace(/0+$/, "")}`;
  return `${negative ? "-" : ""}${whole}${fraction}` as ByteString;
}

// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3600_000, d: 86_400_000 } as const;

/**
 * Parses a duration that a user typed into milliseconds: a whole number with `ms`, `s`, `m`, `h` or `d`. 0 needs no unit.
 * @throws OciError `invalid-argument`, naming the option
 */
export function parseDuration(option: string, text: string): number {
  if (text === "0") return 0;
  const [, number, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * UNITS[unit as keyof typeof UNITS];
  throw new OciError(
    "invalid-argument",
    `${option}: expected a duration as 30m, 1h or 7d, got ${JSON.stringify(text)}`,
  );
}

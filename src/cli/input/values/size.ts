// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";

const UNITS = new Map([
  ...["B", "kB", "MB", "GB", "TB"].map((unit, power) => [unit, 1000 ** power] as const),
  ...["KiB", "MiB", "GiB", "TiB"].map((unit, power) => [unit, 1024 ** (power + 1)] as const),
  ["", 1],
  ["KB", 1000],
]);

/** What a size looks like, for an error. */
export const A_SIZE = "a size as 500MB or 8GiB";

/**
 * The bytes of a size: a number with `kB`, `MB`, `GB` or `TB`, which are powers of 1000 as in the sizes that are
 * printed, with `KiB`, `MiB`, `GiB` or `TiB`, which are powers of 1024, or a number of bytes without a unit. Undefined
 * for any other text.
 */
export function readSize(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d{1,16}(?:\.\d{1,3})?)([kKMGT]?i?B|)$/.exec(text) ?? [];
  const factor = UNITS.get(unit);
  if (number === undefined || factor === undefined) return undefined;
  const bytes = Math.round(Number(number) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Parses a size that a user typed, as {@link readSize} does. @throws OciError `invalid-argument`, naming the option */
export function parseSize(option: string, text: string): number {
  const size = readSize(text);
  if (size !== undefined) return size;
  throw new OciError(
    "invalid-argument",
    `${option}: expected ${A_SIZE}, got ${JSON.stringify(text)}`,
  );
}

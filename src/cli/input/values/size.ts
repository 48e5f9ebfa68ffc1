// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";

const UNITS = { "": 1, B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/**
 * Parses a size that a user typed into bytes: a number with `kB`, `MB`, `GB` or `TB`, which are powers of 1000 as
 * in the sizes that are printed, or a number of bytes without a unit.
 * @throws OciError `invalid-argument`, naming the option
 */
export function parseSize(option: string, text: string): number {
  const [, number, unit] = /^(\d{1,12}(?:\.\d{1,3})?)(|B|kB|KB|MB|GB|TB)$/.exec(text) ?? [];
  if (number !== undefined) return Math.round(Number(number) * UNITS[unit as keyof typeof UNITS]);
  throw new OciError(
    "invalid-argument",
    `${option}: expected a size as 500MB, 20GB or 1.5TB, got ${JSON.stringify(text)}`,
  );
}

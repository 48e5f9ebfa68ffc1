// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";

const UNITS = { "": 1, B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/**
 * Bytes of a size as people type it: a number and `kB`, `MB`, `GB` or `TB`, in powers of 1000 as sizes are
 * shown; without a unit bytes.
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

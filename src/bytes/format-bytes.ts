// SPDX-License-Identifier: MIT

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Formats a number of bytes for people in powers of 1000, as `1.5 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const text = unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1);
  return `${text} ${UNITS[unit]!}`;
}

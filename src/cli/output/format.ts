// SPDX-License-Identifier: MIT
import { displayWidth } from "./display-width.ts";
import { escapeLine } from "./terminal-text.ts";

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

/** A number with its noun, as `1 layer` or `3 layers`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${String(number)} ${number === 1 ? noun : plural}`;
}

/** One line for each row, with aligned columns, two spaces between them and no trailing blanks. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  const cells = rows.map((row) => row.map(escapeLine));
  for (const row of cells) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, displayWidth(cell));
    });
  }
  return cells.map((row) =>
    row
      .map((cell, at) => cell + " ".repeat(widths[at]! - displayWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}

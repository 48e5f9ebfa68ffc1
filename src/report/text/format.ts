// SPDX-License-Identifier: MIT
import { displayWidth } from "./display-width.ts";
import { escapeLine } from "./escape-line.ts";

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

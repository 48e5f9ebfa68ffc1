// SPDX-License-Identifier: MIT

const POWERS = "KMGT";

/** Parses `8GiB` or `500MB` into bytes. The schema has already checked the form of the text. */
export function parseSize(text: string): number {
  const unit = /[A-Za-z]+$/.exec(text)?.[0] ?? "B";
  const base = unit.includes("i") ? 1024 : 1000;
  const power = POWERS.indexOf(unit[0]!) + 1;
  return Math.round(Number.parseFloat(text) * base ** power);
}

// SPDX-License-Identifier: MIT

const POWERS = "kMGT";

/** Parses `1000`, `600MB`, `2.5 GiB` into bytes. The schema has already checked the form. */
export function parseSize(value: string | number): number {
  if (typeof value === "number") return value;
  const [, digits = "0", letter = "", binary] = /^([\d.]+) ?([kMGT]?)(i?)B?$/.exec(value) ?? [];
  const base = binary === "i" ? 1024 : 1000;
  return Math.round(Number(digits) * base ** (letter === "" ? 0 : POWERS.indexOf(letter) + 1));
}

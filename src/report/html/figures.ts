// SPDX-License-Identifier: MIT

/** `1 layer`, `70,000 paths`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(number)} ${number === 1 ? noun : plural}`;
}

/** A number for people: `70,000`. */
export function formatCount(number: number): string {
  return number.toLocaleString("en-US");
}

const LONGEST = 2000;

/** Text of anybody, cut so that one name can't make a page of itself. */
export function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

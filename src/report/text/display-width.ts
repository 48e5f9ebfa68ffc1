// SPDX-License-Identifier: MIT

const MARKS = /[\p{Mn}\p{Me}\u200b-\u200d]/u;
// Characters that terminals draw two columns wide (UAX #11: W and F, and characters shown as emoji by default).
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;

/** The number of terminal columns that a text takes. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** Cuts a text to a number of columns. An ellipsis replaces what was cut. */
export function fitWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let fitting = "";
  let taken = 1; // for the ellipsis
  for (const character of text) {
    taken += widthOf(character);
    if (taken > columns) break;
    fitting += character;
  }
  return columns > 0 ? `${fitting}…` : "";
}

function widthOf(character: string): number {
  if (MARKS.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

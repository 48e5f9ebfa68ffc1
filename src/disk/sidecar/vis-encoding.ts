// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

// vis(3) as mtree(5) uses it: a byte that would end a word, or that is not printable ASCII, is written as a
// backslash and three octal digits. `*?[` are escaped too because FreeBSD's mtree escapes them (VIS_GLOB),
// and `=` because a keyword ends at the first one.
const SPECIAL = /[^\u0021-\u007e]|[\\#*?[=]/g;
const NOT_PLAIN = /[^\u0021-\u007e]|[\\#=]/;
const ESCAPE = /\\([0-3][0-7]{2})/g;

/** Bytes as one word of printable ASCII. */
export function formatVis(bytes: ByteString): string {
  return bytes.replace(SPECIAL, escapeByte);
}

function escapeByte(byte: string): string {
  return `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`;
}

/** The bytes that a word stands for; undefined if it has anything but plain characters and octal escapes. */
export function parseVis(word: string): ByteString | undefined {
  if (!word.includes("\\")) return NOT_PLAIN.test(word) ? undefined : (word as ByteString);
  if (NOT_PLAIN.test(word.replace(ESCAPE, ""))) return undefined;
  return word.replace(ESCAPE, unescapeByte) as ByteString;
}

function unescapeByte(_: string, digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 8));
}

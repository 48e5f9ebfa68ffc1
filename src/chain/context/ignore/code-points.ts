// SPDX-License-Identifier: MIT
import { isAscii, type ByteString } from "../../../bytes/byte-string.ts";

const REPLACEMENT = 0xfffd;

/**
 * The code points of UTF-8 bytes. Every byte that is part of no valid sequence is U+FFFD, one for each byte: so
 * BuildKit, which is written in Go, reads names and patterns. (TextDecoder gives one for several bytes.)
 */
export function codePointsOf(name: ByteString): readonly number[] {
  const points: number[] = [];
  for (let at = 0; at < name.length;) {
    const code = name.charCodeAt(at);
    const length = code < 0x80 ? 1 : sequenceAt(name, at);
    points.push(length === 0 ? REPLACEMENT : pointAt(name, at, length));
    at += Math.max(length, 1);
  }
  return points;
}

/** The text of UTF-8 bytes, invalid ones replaced as {@link codePointsOf} does. */
export function readText(bytes: ByteString): string {
  const whole: string = bytes;
  if (isAscii(whole)) return whole;
  let text = "";
  for (const point of codePointsOf(bytes)) text += String.fromCodePoint(point);
  return text;
}

/** How many bytes the sequence at an index has; 0 when it is not valid. */
function sequenceAt(name: string, at: number): number {
  const first = name.charCodeAt(at);
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  for (let next = 1; next < length; next += 1) {
    // charCodeAt is NaN behind the end, which is in no range.
    const code = name.charCodeAt(at + next);
    if (!(code >= 0x80 && code <= 0xbf)) return 0;
  }
  if (length < 3) return length;
  const second = name.charCodeAt(at + 1);
  const isLong = (first === 0xe0 && second < 0xa0) || (first === 0xf0 && second < 0x90);
  const isSurrogate = first === 0xed && second > 0x9f;
  return isLong || isSurrogate || (first === 0xf4 && second > 0x8f) ? 0 : length;
}

function pointAt(name: string, at: number, length: number): number {
  if (length === 1) return name.charCodeAt(at);
  let point = name.charCodeAt(at) & (0xff >> (length + 1));
  for (let next = 1; next < length; next += 1) {
    point = (point << 6) | (name.charCodeAt(at + next) & 0x3f);
  }
  return point;
}

/** Whether Go's strings.TrimSpace removes it. JavaScript's `trim` also removes U+FEFF, and leaves U+0085. */
function isSpace(character: string | undefined): boolean {
  return character === "\u0085" || (character !== "\ufeff" && character?.trim() === "");
}

/** The text without the white space around it, as Go trims it. */
export function trimSpace(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text[start])) start += 1;
  while (start < end && isSpace(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

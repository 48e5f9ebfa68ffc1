// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../../bytes/byte-string.ts";

const ESCAPES = /\\(?:\\|n|t|x([0-9a-f]{2})|u([0-9a-f]{4}))/g;

/**
 * A path inside an image as a user typed it, or pasted it from what was printed: the escapes of `toText`
 * (`\xff`, `\n`, `\\` and the like) stand for the bytes that they were made of.
 */
export function parseImagePath(text: string): ByteString {
  let path = "";
  let end = 0;
  for (const match of text.matchAll(ESCAPES)) {
    path += fromText(text.slice(end, match.index)) + unescape(match);
    end = match.index + match[0].length;
  }
  return (path + fromText(text.slice(end))) as ByteString;
}

function unescape([escape, byte, unit]: RegExpExecArray): string {
  if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
  if (unit !== undefined) return fromText(String.fromCharCode(Number.parseInt(unit, 16)));
  return escape === "\\n" ? "\n" : escape === "\\t" ? "\t" : "\\";
}

// SPDX-License-Identifier: MIT

declare const byteStringBrand: unique symbol;

/**
 * Bytes as a string: each character, U+0000 to U+00FF, stands for one byte. Names in a layer are bytes, not
 * text. A byte string keeps every name exactly, and still works as a map key and with `split("/")`. {@link
 * fromText} makes one from text, {@link toText} makes text that people can read.
 */
export type ByteString = string & { readonly [byteStringBrand]: true };

const SHORT = 4096;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

// Node's own method. It takes any Uint8Array, not only a Buffer, and is three to eight times as fast for
// names of 30 to 100 bytes.
const latin1Slice = (
  globalThis as {
    Buffer?: { prototype: { latin1Slice: (this: Uint8Array, from: number, to: number) => string } };
  }
).Buffer?.prototype.latin1Slice;

/** The bytes from `start` to `end` as a byte string. (TextDecoder's "latin1" is windows-1252: it maps 0x80 to 0x9f elsewhere.) */
export function fromBytes(bytes: Uint8Array, start = 0, end = bytes.length): ByteString {
  return (latin1Slice?.call(bytes, start, end) ??
    fromBytesAnywhere(bytes, start, end)) as ByteString;
}

/** {@link fromBytes} without Node: what browsers get, and what tests compare {@link fromBytes} with. */
export function fromBytesAnywhere(bytes: Uint8Array, start: number, end: number): ByteString {
  let text = "";
  for (let at = start; at < end; at += SHORT) {
    // Measured: `String.fromCharCode(...bytes)` takes four times as long, and layers are full of names.
    const codes: number[] = [];
    for (let next = at; next < end && next < at + SHORT; next += 1) codes.push(bytes[next]!);
    text += String.fromCharCode(...codes);
  }
  return text as ByteString;
}

/** The bytes themselves. */
export function toBytes(text: ByteString): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** The UTF-8 bytes of text. */
export function fromText(text: string): ByteString {
  return isAscii(text) ? text : fromBytes(encoder.encode(text));
}

/** The text, when the bytes are UTF-8; undefined when they are not. Control characters stay as they are. */
export function decodeText(name: ByteString): string | undefined {
  if (isAscii(name)) return name;
  try {
    return strict.decode(toBytes(name));
  } catch {
    return undefined;
  }
}

/**
 * The name as people can read it: UTF-8 is decoded, other bytes become `\xNN`. Control characters, direction
 * overrides and the backslash are escaped, so that a name in an image can't control the terminal.
 */
export function toText(name: ByteString): string {
  const text = decodeText(name);
  return text === undefined ? escapeBytes(name) : escapeText(text);
}

/** Escapes what foreign text could do to a terminal: control characters, newlines, direction overrides. */
export function escapeText(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\\]/g,
    escapeCharacter,
  );
}

function escapeCharacter(character: string): string {
  if (character === "\\") return "\\\\";
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

function escapeBytes(name: ByteString): string {
  return name.replace(/[\u0000-\u001f\u007f-\u00ff\\]/g, escapeCharacter);
}

/** Whether all characters are ASCII. Such a text is its own byte string. */
export function isAscii(text: string): text is ByteString {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** Orders byte strings by their bytes. */
export function compareByteStrings(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

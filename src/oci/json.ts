// SPDX-License-Identifier: MIT
import { OciError } from "./errors.ts";
import { limitExceeded, withLimits } from "./limits.ts";
import type { Limits } from "./limits.ts";
import { quote } from "./quote.ts";

/** Options of {@link parseJson}. */
export interface ParseJsonOptions {
  /** What the bytes are called in an error. */
  readonly what?: string | undefined;
  /** `documentBytes` and `jsonDepth` apply here. */
  readonly limits?: Partial<Limits> | undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Parses JSON, and refuses what two readers could understand differently. Besides what `JSON.parse` refuses,
 * that is: an object with the same key twice or with the key `__proto__`, a byte order mark, bytes that are
 * not UTF-8, and a number whose value would change (an integer beyond 2^53, an overflow to infinity).
 * @throws OciError `invalid-json`; `limit-exceeded` for too many bytes or too deep a nesting
 */
export function parseJson(bytes: Uint8Array, options: ParseJsonOptions = {}): unknown {
  const what = options.what ?? "JSON";
  const { documentBytes, jsonDepth } = withLimits(options.limits);
  if (bytes.length > documentBytes) {
    throw limitExceeded({
      what,
      limit: "documentBytes",
      allowed: documentBytes,
      got: bytes.length,
      unit: "bytes",
    });
  }
  const text = decode(bytes, what);
  try {
    checkTokens(text, what, jsonDepth);
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new OciError("invalid-json", `${what}: expected JSON, got ${quote(error.message)}`, {
      cause: error,
    });
  }
}

/**
 * A value as compact JSON in UTF-8: keys in the order of insertion, undefined values left out.
 * @throws OciError `invalid-argument` for a value that JSON can't hold
 */
export function formatJson(value: unknown): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(value) as string | undefined;
  if (text !== undefined) return encoder.encode(text);
  throw new OciError("invalid-argument", `JSON: expected a value, got ${typeof value}`);
}

function decode(bytes: Uint8Array, what: string): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw new OciError("invalid-json", `${what}: expected JSON, got a byte order mark before it`);
  }
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new OciError("invalid-json", `${what}: expected UTF-8, got other bytes`, { cause });
  }
}

/**
 * Checks the nesting, and what `JSON.parse` would accept in silence, before anything is built. Text that is
 * not JSON may pass: `JSON.parse` refuses it afterwards.
 */
function checkTokens(text: string, what: string, jsonDepth: number): void {
  /** The keys seen in each open object; undefined for an open array. */
  const open: (Set<string> | undefined)[] = [];
  let keys: Set<string> | undefined;
  let keyNext = false;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    let end = at + 1;
    if (code === QUOTE) {
      end = endOfString(text, end);
      if (keyNext && keys) addKey(keys, text.slice(at, end), what, at);
      keyNext = false;
    } else if (code === COMMA) {
      keyNext = keys !== undefined;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (open.length >= jsonDepth) {
        throw limitExceeded({
          what,
          limit: "jsonDepth",
          allowed: jsonDepth,
          unit: "nested values",
        });
      }
      keyNext = code === OPEN_BRACE;
      keys = keyNext ? new Set() : undefined;
      open.push(keys);
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      open.pop();
      keys = open.at(-1);
      keyNext = false;
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      end = endOfNumber(text, end);
      checkNumber(text.slice(at, end), what, at);
    }
    at = end;
  }
}

/** The position after the closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    at += code === BACKSLASH ? 2 : 1;
  }
  return text.length;
}

function endOfNumber(text: string, start: number): number {
  let at = start;
  while (at < text.length && "0123456789.eE+-".includes(text.charAt(at))) at += 1;
  return at;
}

function addKey(keys: Set<string>, quoted: string, what: string, at: number): void {
  const key = quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (key === "__proto__") throw refused(what, at, "no such key", quote(key));
  if (keys.has(key)) throw refused(what, at, "each key once", `${quote(key)} again`);
  keys.add(key);
}

function checkNumber(token: string, what: string, at: number): void {
  // A number of up to 15 digits is exact, unless it has an exponent.
  if (token.length <= 15 && !/[eE]/.test(token)) return;
  const value = Number(token);
  // If it is not a number at all, JSON.parse refuses it.
  if (Number.isNaN(value)) return;
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    throw refused(what, at, "numbers within 2^53", quote(token));
  }
}

function refused(what: string, at: number, expected: string, got: string): OciError {
  return new OciError(
    "invalid-json",
    `${what}: expected ${expected}, got ${got} at character ${at}`,
    { details: { at } },
  );
}

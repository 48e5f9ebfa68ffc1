// SPDX-License-Identifier: MIT
import { createHmac, timingSafeEqual } from "node:crypto";

const LONGEST = 16_384;

/**
 * Signs a JSON value: `prefix`, the value and an HMAC-SHA256 over both, as text that fits a header and a
 * password. The value can be read by whoever has the text.
 */
export function signValue(prefix: string, value: unknown, key: Uint8Array): string {
  const text = prefix + Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${text}.${macOf(text, key).toString("base64url")}`;
}

/**
 * The value of a text that {@link signValue} made with this prefix and key. Undefined for every other text.
 */
export function readSigned(prefix: string, text: string, key: Uint8Array): unknown {
  const dot = text.lastIndexOf(".");
  if (text.length > LONGEST || !text.startsWith(prefix) || dot === -1) return undefined;
  const signed = text.slice(0, dot);
  const given = Buffer.from(text.slice(dot + 1), "base64url");
  const expected = macOf(signed, key);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return JSON.parse(Buffer.from(signed.slice(prefix.length), "base64url").toString()) as unknown;
}

function macOf(text: string, key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

// SPDX-License-Identifier: MIT

// For answers of which only a few fields are read (errors, tokens, lists), unlike documents, which are kept
// whole.

/** The JSON value, or undefined when the bytes are not JSON. */
export function tryParseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

/** The own property `key` of an object; undefined when it is absent or `value` is not an object. */
export function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

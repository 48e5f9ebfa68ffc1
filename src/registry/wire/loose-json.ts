// SPDX-License-Identifier: MIT

// For answers that are only looked into (errors, tokens, lists), unlike documents that are kept.

/** The JSON value, or undefined when the bytes are none. */
export function tryParseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

/** A member of an object, its own; undefined when there is none or the value is no object. */
export function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

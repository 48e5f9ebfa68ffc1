// SPDX-License-Identifier: MIT

const SHOWN = 160;
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * Foreign text or a foreign JSON value for a message: as JSON, at most 160 characters, with control
 * characters and direction overrides escaped, so that it can't control a terminal.
 */
export function quote(value: unknown): string {
  // A long text is cut before it is quoted, so that an attacker can't make us quote 4 MiB for 160 characters.
  const short = typeof value === "string" ? value.slice(0, SHOWN) : value;
  const text = Array.isArray(short)
    ? "an array"
    : typeof short === "object" && short !== null
      ? "an object"
      : typeof short === "bigint" || short === undefined
        ? String(short)
        : JSON.stringify(short);
  return text.replace(UNSAFE, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

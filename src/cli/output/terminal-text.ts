// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";

// What moves the cursor, breaks a line, or turns the direction of text. All of it can only be inside strings of a JSON text.
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * One line for a terminal, whatever names from outside are in it: control characters, line breaks and
 * direction overrides are escaped. A backslash stays: names that were escaped already read the same.
 */
export function escapeLine(line: string): string {
  return line.split("\\").map(escapeText).join("\\");
}

/** A message of several lines, each as {@link escapeLine} has it. */
export function escapeLines(text: string): string {
  return text.split("\n").map(escapeLine).join("\n");
}

/** A document as JSON that does nothing to a terminal, and reads back as the same document. */
export function formatJson(document: object, indent?: number): string {
  return JSON.stringify(document, null, indent).replace(
    UNSAFE_IN_JSON,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

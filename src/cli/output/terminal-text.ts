// SPDX-License-Identifier: MIT
import { escapeLine } from "../../report/text/escape-line.ts";

// Characters that move the cursor, break a line or change the direction of text. In JSON they occur only inside strings.
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Escapes each line of a message as {@link escapeLine} does and keeps the line breaks. */
export function escapeLines(text: string): string {
  return text.split("\n").map(escapeLine).join("\n");
}

/** A document as JSON that is safe to print on a terminal and parses to the same document. */
export function formatJson(document: object, indent?: number): string {
  return JSON.stringify(document, null, indent).replace(
    UNSAFE_IN_JSON,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

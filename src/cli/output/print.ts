// SPDX-License-Identifier: MIT
import type { Output } from "../context.ts";
import { escapeLine } from "../../report/text/escape-line.ts";
import { escapeLines, formatJson } from "./terminal-text.ts";

// All text for stdout and stderr goes through this file; a lint rule forbids other ways. Such text contains strings from
// images, registries and file names, which must not reach a terminal unescaped.

/** Prints lines of a result or a notice. Line breaks within an element are escaped. */
export function printLines(output: Output, lines: readonly string[]): void {
  if (lines.length > 0) output.write(lines.map((line) => `${escapeLine(line)}\n`).join(""));
}

/** Prints a document for programs as indented JSON. */
export function printDocument(output: Output, document: object): void {
  output.write(`${formatJson(document, 2)}\n`);
}

/** Prints text whose line breaks are intended: a help, or an error with its hint. */
export function printText(output: Output, text: string): void {
  output.write(escapeLines(text));
}

/** Prints text of a file: as {@link printText}, but tabs are kept. */
export function printFileText(output: Output, text: string): void {
  output.write(text.split("\t").map(escapeLines).join("\t"));
}

/** Prints an event for programs as JSON on one line. */
export function printEvent(output: Output, event: object): void {
  output.write(`${formatJson(event)}\n`);
}

/** Prints a stored document byte for byte, but escaped on a terminal. */
export function printBytes(output: Output, bytes: Uint8Array): void {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  output.write(output.isTTY === true ? `${escapeLines(text)}\n` : text);
}

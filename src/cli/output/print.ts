// SPDX-License-Identifier: MIT
import type { Output } from "../context.ts";
import { escapeLine, escapeLines, formatJson } from "./terminal-text.ts";

// The one way of text to stdout and stderr (a lint rule forbids others): what comes from images, registries and file
// names is in it, and nothing of that may reach a terminal raw.

/** Lines of a result or a notice. Each stays one line, whatever is in it. */
export function printLines(output: Output, lines: readonly string[]): void {
  if (lines.length > 0) output.write(lines.map((line) => `${escapeLine(line)}\n`).join(""));
}

/** A document for programs, readable for people. */
export function printDocument(output: Output, document: object): void {
  output.write(`${formatJson(document, 2)}\n`);
}

/** Text whose line breaks are meant: a help, an error with its hint. */
export function printText(output: Output, text: string): void {
  output.write(escapeLines(text));
}

/** An event for programs: a document on one line. */
export function printEvent(output: Output, event: object): void {
  output.write(`${formatJson(event)}\n`);
}

/** A document as it is stored, byte for byte; on a terminal its lines escaped. */
export function printBytes(output: Output, bytes: Uint8Array): void {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  output.write(output.isTTY === true ? `${escapeLines(text)}\n` : text);
}

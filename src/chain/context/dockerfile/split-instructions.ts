// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";
import { splitWords } from "./split-words.ts";

/** One instruction of a Dockerfile. */
export interface Instruction {
  /** In upper case. */
  readonly name: string;
  /** Flags and arguments, with their quotes. */
  readonly words: readonly string[];
  /** Its first line, counted from 1. */
  readonly line: number;
}

/** A Dockerfile cut into instructions. */
export interface DockerfileText {
  /** The image of the frontend that a `# syntax=` line names. */
  readonly syntax: string | undefined;
  readonly escape: string;
  readonly instructions: readonly Instruction[];
}

const WITH_DOCUMENTS = new Set(["ADD", "COPY", "RUN"]);

/**
 * Cuts a Dockerfile into instructions: continued lines joined, comments and here-documents left out.
 * @throws OciError `invalid-argument` for a here-document without an end
 */
export function splitInstructions(text: string): DockerfileText {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const directives = readDirectives(lines);
  const escape = directives.get("escape") ?? "\\";
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    if (isSkipped(lines[at]!)) continue;
    const line = at + 1;
    const parts: string[] = [];
    for (let isContinued = true; isContinued && at < lines.length; at += 1) {
      if (isSkipped(lines[at]!)) continue;
      const trimmed = lines[at]!.trimEnd();
      isContinued = trimmed.endsWith(escape);
      parts.push(isContinued ? trimmed.slice(0, -1) : lines[at]!);
    }
    const [name = "", ...words] = splitWords(parts.join(""), escape);
    instructions.push({ name: name.toUpperCase(), words, line });
    if (WITH_DOCUMENTS.has(name.toUpperCase())) at = skipDocuments(lines, at, words);
    at -= 1;
  }
  return { syntax: directives.get("syntax"), escape, instructions };
}

function isSkipped(line: string): boolean {
  const trimmed = line.trimStart();
  return trimmed === "" || trimmed.startsWith("#");
}

/** The `# name=value` lines at the very start. */
function readDirectives(lines: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^#\s*([A-Za-z][\w-]*)\s*=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined || found.has(name.toLowerCase())) break;
    found.set(name.toLowerCase(), value.trim());
  }
  return found;
}

/** The index of the line behind the here-documents that an instruction's words begin. */
function skipDocuments(lines: readonly string[], start: number, words: readonly string[]): number {
  let at = start;
  for (const word of words) {
    const [, , dash, name] = /^(\d*)<<(-?)([^<]+)$/.exec(word) ?? [];
    if (name === undefined) continue;
    const end = name.replace(/["']/g, "");
    const isEnd = (line: string): boolean =>
      (dash === "" ? line : line.replace(/^\t+/, "")) === end;
    while (at < lines.length && !isEnd(lines[at]!)) at += 1;
    if (at === lines.length) {
      throw new OciError(
        "invalid-argument",
        `Dockerfile:${start}: expected the here-document to end with ${quote(end)}, it does not end`,
        { details: { line: start } },
      );
    }
    at += 1;
  }
  return at;
}

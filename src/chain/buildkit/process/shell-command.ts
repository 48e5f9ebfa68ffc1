// SPDX-License-Identifier: MIT

/** A program with its arguments, as a value: nothing in it is a secret. */
export interface ShellCommand {
  readonly program: string;
  readonly words: readonly string[];
  /** Variables that are set besides those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;
// eslint's own rule sees control characters in a pattern as a mistake, so they are named by their property
const CONTROL = /[\p{Cc}\p{Cf}]/u;
const NEWLINES = /\n/g;

/** The command as one line that can be pasted into a shell (bash, zsh, dash; `$'…'` for control characters). */
export function formatCommand({ program, words, env = {} }: ShellCommand): string {
  const set = Object.entries(env).map(([name, value]) => `${name}=${quoteWord(value)}`);
  return [...set, ...[program, ...words].map(quoteWord)].join(" ");
}

function quoteWord(word: string): string {
  if (PLAIN.test(word)) return word;
  if (CONTROL.test(word.replace(NEWLINES, ""))) return `$'${escapeAll(word)}'`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function escapeAll(word: string): string {
  return Array.from(word, (character) => {
    if (character === "'" || character === "\\") return `\\${character}`;
    if (!CONTROL.test(character)) return character;
    return Array.from(
      new TextEncoder().encode(character),
      (byte) => `\\${byte.toString(8).padStart(3, "0")}`,
    ).join("");
  }).join("");
}

// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";

/** Who runs a script, as its first line says. */
export interface ScriptInterpreter {
  /** The path behind `#!`; it need not be absolute. */
  readonly path: ByteString;
  /** What `env` runs: a path, or a name for the PATH; undefined where the interpreter is not `env`. */
  readonly program: ByteString | undefined;
}

/** Options of `env` (coreutils, busybox) whose value is the next word. */
const WITH_VALUE = /^(-[uCa]|--unset|--chdir|--argv0)$/;

/** Parses the first line of a script, `#!` included. Options and assignments of `env` are seen through. */
export function parseInterpreter(line: ByteString): ScriptInterpreter {
  const words = line
    .slice(2)
    .trim()
    .split(/[ \t]+/) as ByteString[];
  const path = words[0]!;
  if (!/(^|\/)env$/.test(path)) return { path, program: undefined };
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at]!;
    if (WITH_VALUE.test(word)) at += 1;
    else if (/^-S./.test(word)) return { path, program: word.slice(2) as ByteString };
    else if (!word.startsWith("-") && !word.includes("=")) return { path, program: word };
  }
  return { path, program: undefined };
}

// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";

/** A pattern without braces, ready to match. */
export interface Glob {
  /** The text that this pattern was compiled from. */
  readonly pattern: ByteString;
  /** The leading components without a wildcard; the whole pattern when {@link literal}. */
  readonly prefix: ByteString;
  /** Whether the pattern has no wildcard: it then matches only itself. */
  readonly literal: boolean;
  /** The largest number of components that a match can have; Infinity with `**`. */
  readonly depth: number;
  /** Whether the whole path matches. Takes time in proportion to the path's length times the pattern's, even for hostile ones. */
  matches(path: ByteString): boolean;
}

type Token =
  | { readonly kind: "one"; readonly test: (character: string) => boolean }
  /** `*`: any bytes of one component. */
  | { readonly kind: "star" }
  /** `**` and the slash after it: any number of whole components. */
  | { readonly kind: "directories" }
  /** A final `**`: everything below. */
  | { readonly kind: "rest" };

const WILDCARD = /[*?[{\\]/;
const MOST_ALTERNATIVES = 1000;

/** Whether the text has glob characters, and so is more than a plain path. */
export function isGlob(text: string): boolean {
  return WILDCARD.test(text);
}

/**
 * Compiles a pattern. `*` and `?` match within one component, leading dots included; `**` as a whole
 * component matches any number of components; `[a-z]` and `[!a-z]` match one byte; `{a,b}` matches either;
 * a backslash makes the next character literal. Returns one compiled pattern for each choice of braces.
 * @throws OciError `invalid-argument`
 */
export function compileGlob(pattern: ByteString): readonly Glob[] {
  return expandBraces(pattern, pattern).map(compileOne);
}

function compileOne(pattern: ByteString): Glob {
  const tokens = tokenize(pattern);
  const components = pattern.split("/");
  const plain = components.findIndex((component) => /[*?[\\]/.test(component));
  const prefix = (plain < 0 ? components : components.slice(0, plain)).join("/") as ByteString;
  return {
    pattern,
    prefix,
    literal: plain < 0,
    depth: components.includes("**") ? Infinity : components.length,
    matches: (path) => run(tokens, path),
  };
}

function run(tokens: readonly Token[], path: ByteString): boolean {
  let states = new Set<number>();
  enter(tokens, 0, states);
  for (const character of path) {
    const next = new Set<number>();
    for (const state of states) step(tokens, state, character, next);
    states = next;
    if (states.size === 0) return false;
  }
  return states.has(tokens.length);
}

function enter(tokens: readonly Token[], state: number, states: Set<number>): void {
  states.add(state);
  const kind = tokens[state]?.kind;
  if (kind === "star" || kind === "directories") enter(tokens, state + 1, states);
}

function step(tokens: readonly Token[], state: number, character: string, next: Set<number>): void {
  const token = tokens[state];
  switch (token?.kind) {
    case undefined:
      return;
    case "one":
      if (token.test(character)) enter(tokens, state + 1, next);
      return;
    case "star":
      if (character !== "/") enter(tokens, state, next);
      return;
    case "directories":
      next.add(state);
      if (character === "/") enter(tokens, state + 1, next);
      return;
    case "rest":
      next.add(state).add(state + 1);
  }
}

function tokenize(pattern: ByteString): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at]!;
    if (character === "*") {
      const stars = /^\*+/.exec(pattern.slice(at))![0].length;
      const starts = at === 0 || pattern[at - 1] === "/";
      const after = pattern[at + stars];
      if (stars === 2 && starts && after === undefined) tokens.push({ kind: "rest" });
      else if (stars === 2 && starts && after === "/") {
        tokens.push({ kind: "directories" });
        at += 1;
      } else tokens.push({ kind: "star" });
      at += stars - 1;
    } else if (character === "?") {
      tokens.push({ kind: "one", test: (got) => got !== "/" });
    } else if (character === "[") {
      const { test, length } = readClass(pattern, at);
      tokens.push({ kind: "one", test });
      at += length - 1;
    } else {
      const wanted = character === "\\" ? pattern[(at += 1)] : character;
      if (wanted === undefined) throw bad(pattern, "a backslash has to stand before a character");
      tokens.push({ kind: "one", test: (got) => got === wanted });
    }
  }
  return tokens;
}

function readClass(
  pattern: ByteString,
  start: number,
): { test: (character: string) => boolean; length: number } {
  const parts = /^\[([!^]?)(\]?[^\]/]*)\]/.exec(pattern.slice(start));
  const [whole, negation, body] = parts ?? [];
  if (whole === undefined || body === undefined || body === "") {
    throw bad(pattern, "expected ] after [ and at least one character between");
  }
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < body.length; at += 1) {
    const from = body[at]!;
    const ranged = body[at + 1] === "-" && at + 2 < body.length;
    ranges.push([from, ranged ? body[at + 2]! : from]);
    if (ranged) at += 2;
  }
  const inside = (got: string): boolean => ranges.some(([from, to]) => got >= from && got <= to);
  const negated = negation !== "";
  return { test: (got) => got !== "/" && inside(got) !== negated, length: whole.length };
}

/** One pattern for each choice of the braces, in the order written. */
function expandBraces(pattern: ByteString, whole: ByteString): ByteString[] {
  const open = findUnescaped(pattern, "{", 0);
  if (open < 0) return [pattern];
  const choices: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === "\\") at += 1;
    else if (character === "{") depth += 1;
    else if (character === "," && depth === 1) {
      choices.push(pattern.slice(start, at));
      start = at + 1;
    } else if (character === "}" && (depth -= 1) === 0) {
      choices.push(pattern.slice(start, at));
      const results = choices.flatMap((choice) =>
        expandBraces(
          (pattern.slice(0, open) + choice + pattern.slice(at + 1)) as ByteString,
          whole,
        ),
      );
      if (results.length <= MOST_ALTERNATIVES) return results;
      throw bad(whole, `expected at most ${MOST_ALTERNATIVES} choices of braces`);
    }
  }
  throw bad(whole, "expected } after {");
}

function findUnescaped(pattern: string, wanted: string, from: number): number {
  for (let at = from; at < pattern.length; at += 1) {
    if (pattern[at] === "\\") at += 1;
    else if (pattern[at] === wanted) return at;
  }
  return -1;
}

function bad(pattern: ByteString, why: string): OciError {
  return new OciError("invalid-argument", `pattern ${JSON.stringify(pattern)}: ${why}`, {
    details: { pattern },
  });
}

// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../../bytes/byte-string.ts";
import { codePointsOf } from "./code-points.ts";
import type { Expression } from "./expression-syntax.ts";
import { compileExpression } from "./match-expression.ts";
import { parseExpression } from "./parse-expression.ts";

/** Whether a pattern matches a whole path (without a leading `/`); its parents are not looked at. */
export type PathTest = (path: ByteString) => boolean;

type Kind = "exact" | "prefix" | "suffix" | "expression";

/**
 * Compiles a pattern to what BuildKit makes of it. That is not always what one would think of a pattern: `|`, `{`,
 * `}`, `^` and the letters of escapes keep what they mean in regular expressions, as soon as the pattern has a
 * wildcard at all, and a `*` between brackets ends the set.
 * @throws ExpressionError when it makes no regular expression, which ends a build
 */
export function compilePattern(pattern: string): PathTest {
  const { kind, source } = translate(pattern);
  switch (kind) {
    case "exact": {
      const exact = fromText(pattern);
      return (path) => path === exact;
    }
    case "prefix": {
      const prefix = fromText(pattern.slice(0, -2));
      return (path) => path.startsWith(prefix);
    }
    case "suffix": {
      const suffix = fromText(pattern.slice(2));
      const whole = suffix.startsWith("/") ? suffix.slice(1) : undefined;
      return (path) => path.endsWith(suffix) || path === whole;
    }
    case "expression":
      return compileSource(source);
  }
}

function compileSource(source: string): PathTest {
  const expression = parseExpression(source);
  const matches = compileExpression(expression);
  // Nearly every path is told apart by the letters that the pattern starts or ends with, such as `.log`.
  const [prefix, suffix] = anchoredLiterals(expression);
  return (path) => path.startsWith(prefix) && path.endsWith(suffix) && matches(codePointsOf(path));
}

function anchoredLiterals(expression: Expression): readonly [prefix: string, suffix: string] {
  const parts = expression.kind === "sequence" ? expression.parts : [];
  const isAt = (part: Expression | undefined, place: string): boolean =>
    part?.kind === "place" && part.place === place;
  return [
    isAt(parts[0], "start") ? literalsOf(parts.slice(1)).join("") : "",
    isAt(parts.at(-1), "end") ? literalsOf(parts.slice(0, -1).reverse()).reverse().join("") : "",
  ];
}

/** The literals that a sequence starts with, as far as one byte is one character. */
function literalsOf(parts: readonly Expression[]): string[] {
  const found: string[] = [];
  for (const part of parts) {
    const point = part.kind === "character" ? part.literal : undefined;
    if (point === undefined || point > 0x7f) break;
    found.push(String.fromCharCode(point));
  }
  return found;
}

/** What a piece of a pattern becomes, and what kind of pattern it makes. */
interface Translation {
  kind: Kind;
  source: string;
}

/** Characters that are escaped. BuildKit means to escape `|`, `{` and `}` too, and does not. */
const ESCAPED = ".+()$";

/** Walks over the pattern as BuildKit does, so that the same kind and the same expression come out. */
function translate(pattern: string): Translation {
  const characters = Array.from(pattern);
  // Its scanner takes a byte order mark at the start for no part of the text.
  let at = characters[0] === "\ufeff" ? 1 : 0;
  const made: Translation = { kind: "exact", source: "^" };
  for (let turn = 0; at < characters.length; turn += 1) {
    const character = characters[at]!;
    at += 1;
    if (character === "*" && characters[at] === "*") {
      at += characters[at + 1] === "/" ? 2 : 1;
      addAnything(made, { isFirst: turn === 0, isLast: at === characters.length });
    } else if (character === "\\" && at < characters.length) {
      made.source += `\\${characters[at]!}`;
      made.kind = "expression";
      at += 1;
    } else {
      addCharacter(made, character);
    }
  }
  made.source += "$";
  return made;
}

/** Adds a `**`, which also stands for the `/` behind it. */
function addAnything(
  made: Translation,
  { isFirst, isLast }: { readonly isFirst: boolean; readonly isLast: boolean },
): void {
  if (!isLast) {
    made.source += "(.*/)?";
    made.kind = "expression";
  } else if (made.kind === "exact") {
    made.kind = "prefix";
  } else {
    made.source += ".*";
    made.kind = "expression";
  }
  if (isFirst) made.kind = "suffix";
}

function addCharacter(made: Translation, character: string): void {
  if (character === "*" || character === "?") {
    made.source += character === "*" ? "[^/]*" : "[^/]";
    made.kind = "expression";
  } else if (character === "[" || character === "]") {
    made.source += character;
    made.kind = "expression";
  } else {
    made.source += ESCAPED.includes(character) ? `\\${character}` : character;
  }
}

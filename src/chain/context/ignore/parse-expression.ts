// SPDX-License-Identifier: MIT
import { readClassEscape, readEscape, readSet } from "./character-sets.ts";
import {
  ExpressionError,
  ExpressionText,
  type CharacterTest,
  type Expression,
  type Place,
} from "./expression-syntax.ts";

const PLACES: Readonly<Record<string, Place>> = {
  A: "start",
  b: "boundary",
  B: "no-boundary",
  z: "end",
};
const MOST_REPEATS = 1000;

/** A sequence that is being read: its parts, and whether the last one was repeated already. */
interface Open {
  readonly parts: Expression[];
  readonly options: Expression[];
  isRepeated: boolean;
}

/**
 * Parses the regular expressions that patterns become, in the syntax of Go's regexp, which is RE2's: literals, sets,
 * escapes, `.`, `^`, `$`, `|`, `*`, `?`, `{n,m}` and groups.
 * @throws ExpressionError
 */
export function parseExpression(source: string): Expression {
  const text = new ExpressionText(source);
  const parsed = readChoice(text);
  if (!text.isAtEnd) throw new ExpressionError("a ) closes nothing");
  return parsed;
}

function readChoice(text: ExpressionText): Expression {
  const open: Open = { parts: [], options: [], isRepeated: false };
  while (!text.isAtEnd && text.peek() !== ")") readPart(text, open);
  endOption(open);
  return open.options.length === 1 ? open.options[0]! : { kind: "choice", options: open.options };
}

function endOption(open: Open): void {
  open.options.push({ kind: "sequence", parts: open.parts.splice(0) });
  open.isRepeated = false;
}

function readPart(text: ExpressionText, open: Open): void {
  const bounds = readBounds(text);
  if (bounds !== undefined) {
    repeatLast(open, bounds);
    return;
  }
  if (text.skip("|")) endOption(open);
  else {
    open.parts.push(...readAtoms(text));
    open.isRepeated = false;
  }
}

/** The bounds of `*`, `?`, `{n}`, `{n,}` or `{n,m}`. A `{` that begins nothing like that is a literal. */
function readBounds(text: ExpressionText): readonly [min: number, max: number] | undefined {
  if (text.skip("*")) return [0, Infinity];
  if (text.skip("?")) return [0, 1];
  const start = text.at;
  if (!text.skip("{")) return undefined;
  const parts = /^(0|[1-9]\d*)(,?)(0|[1-9]\d*)?$/.exec(readShort(text) ?? "");
  if (parts === null || (parts[2] === "" && parts[3] !== undefined)) {
    text.at = start;
    return undefined;
  }
  const min = Number(parts[1]);
  const max = parts[2] === "" ? min : Number(parts[3] ?? Infinity);
  if (min > MOST_REPEATS || (max > MOST_REPEATS && max !== Infinity) || max < min) {
    throw new ExpressionError(`{${parts[0]}} is no number of repeats up to ${MOST_REPEATS}`);
  }
  return [min, max];
}

/** What comes before a `}`, if that is near: looking for one behind every `{` of a long pattern would take n² steps. */
function readShort(text: ExpressionText): string | undefined {
  let content = "";
  while (content.length < 24 && text.peek() !== "" && text.peek() !== "}") content += text.next();
  return text.skip("}") ? content : undefined;
}

function repeatLast(open: Open, [min, max]: readonly [number, number]): void {
  if (open.isRepeated) throw new ExpressionError("what is repeated is repeated again");
  const of = open.parts.pop();
  if (of === undefined) throw new ExpressionError("there is nothing to repeat");
  open.parts.push({ kind: "repeat", of, min, max });
  open.isRepeated = true;
}

function readAtoms(text: ExpressionText): readonly Expression[] {
  const test = readClassEscape(text);
  if (test !== undefined) return [character(test)];
  const next = text.next();
  switch (next) {
    case "^":
      return [{ kind: "place", place: "start" }];
    case "$":
      return [{ kind: "place", place: "end" }];
    case ".":
      return [character((point) => point !== 10)];
    case "[":
      return [character(readSet(text))];
    case "(":
      return [readGroup(text)];
    case "\\":
      return readEscaped(text);
    default:
      return [literal(next.codePointAt(0)!)];
  }
}

function readGroup(text: ExpressionText): Expression {
  const group = readChoice(text);
  if (!text.skip(")")) throw new ExpressionError("a ( is not closed");
  return group;
}

/** What an escape outside of a set stands for: a place, a quoted text, or one character. */
function readEscaped(text: ExpressionText): readonly Expression[] {
  const place = PLACES[text.peek()];
  if (place !== undefined) {
    text.next();
    return [{ kind: "place", place }];
  }
  if (!text.skip("Q")) return [literal(readEscape(text))];
  const quoted: Expression[] = [];
  while (!text.isAtEnd && !text.skip("\\E")) quoted.push(literal(text.next().codePointAt(0)!));
  return quoted;
}

function character(test: CharacterTest): Expression {
  return { kind: "character", test };
}

function literal(point: number): Expression {
  return { kind: "character", test: (other) => other === point, literal: point };
}

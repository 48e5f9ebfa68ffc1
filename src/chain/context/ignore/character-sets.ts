// SPDX-License-Identifier: MIT
import { ExpressionError, type CharacterTest, type ExpressionText } from "./expression-syntax.ts";

/** A set by its ranges, as pairs of characters. */
function rangesOf(pairs: string): CharacterTest {
  const points = Array.from(pairs, (character) => character.codePointAt(0)!);
  return (point) => {
    for (let at = 0; at < points.length; at += 2) {
      if (point >= points[at]! && point <= points[at + 1]!) return true;
    }
    return false;
  };
}

const not =
  (test: CharacterTest): CharacterTest =>
  (point) =>
    !test(point);

export const isWordCharacter = rangesOf("09AZaz__");

const NAMED: ReadonlyMap<string, CharacterTest> = new Map(
  Object.entries({
    alnum: "09AZaz",
    alpha: "AZaz",
    ascii: "\0\x7f",
    blank: "\t\t  ",
    cntrl: "\0\x1f\x7f\x7f",
    digit: "09",
    graph: "!~",
    lower: "az",
    print: " ~",
    punct: "!/:@[`{~",
    space: "\t\r  ",
    upper: "AZ",
    word: "09AZaz__",
    xdigit: "09AFaf",
  }).map(([name, pairs]) => [name, rangesOf(pairs)]),
);
const PERL: ReadonlyMap<string, CharacterTest> = new Map([
  ["d", rangesOf("09")],
  ["s", rangesOf("\t\n\f\r  ")],
  ["w", isWordCharacter],
]);
const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** Reads the set that starts behind a `[`. @throws ExpressionError */
export function readSet(text: ExpressionText): CharacterTest {
  const isNegated = text.skip("^");
  const tests: CharacterTest[] = [];
  while (text.peek() !== "]" || tests.length === 0) {
    tests.push(readNamed(text) ?? readClassEscape(text) ?? readRange(text));
  }
  text.next();
  const hasAny: CharacterTest = (point) => tests.some((test) => test(point));
  return isNegated ? not(hasAny) : hasAny;
}

function readNamed(text: ExpressionText): CharacterTest | undefined {
  const start = text.at;
  if (!text.skip("[:")) return undefined;
  const name = text.readUntil(":]");
  if (name === undefined) {
    text.at = start;
    return undefined;
  }
  const test = NAMED.get(name.replace(/^\^/, ""));
  if (test === undefined) throw new ExpressionError(`there is no set [:${name}:]`);
  return name.startsWith("^") ? not(test) : test;
}

function readRange(text: ExpressionText): CharacterTest {
  const low = readMember(text);
  const isRange = text.peek() === "-" && text.peek(1) !== "]" && text.peek(1) !== "";
  if (isRange) text.next();
  const high = isRange ? readMember(text) : low;
  if (high < low) throw new ExpressionError("a range in [] ends before its start");
  return (point) => point >= low && point <= high;
}

function readMember(text: ExpressionText): number {
  const character = text.next();
  return character === "\\" ? readEscape(text) : character.codePointAt(0)!;
}

/** Reads `\d`, `\S`, `\pL`, `\p{Greek}` and their like, if one comes next. @throws ExpressionError */
export function readClassEscape(text: ExpressionText): CharacterTest | undefined {
  if (text.peek() !== "\\") return undefined;
  const letter = text.peek(1);
  const perl = PERL.get(letter.toLowerCase());
  if (perl === undefined && letter.toLowerCase() !== "p") return undefined;
  text.at += 2;
  if (perl !== undefined) return PERL.has(letter) ? perl : not(perl);
  const named = text.skip("{") ? text.readUntil("}") : text.next();
  const test = unicodeClass(named?.replace(/^\^/, "") ?? "");
  return (letter === "P") !== (named?.startsWith("^") === true) ? not(test) : test;
}

/** A general category by its one or two letters, or a script by its name. */
function unicodeClass(name: string): CharacterTest {
  if (name === "Any") return () => true;
  const property = /^[A-Z][a-z]?$/.test(name) ? name : `Script=${name}`;
  try {
    if (!/^\w+$/.test(name)) throw new ExpressionError("not a name");
    const expression = new RegExp(`^\\p{${property}}$`, "u");
    return (point) => expression.test(String.fromCodePoint(point));
  } catch {
    throw new ExpressionError(`there is no set \\p{${name}}`);
  }
}

/** The one character that an escape stands for; its `\` has been read. @throws ExpressionError */
export function readEscape(text: ExpressionText): number {
  const character = text.next();
  const point = character.codePointAt(0)!;
  if (point < 0x80 && !/[0-9A-Za-z]/.test(character)) return point;
  if (/[0-7]/.test(character)) return readOctal(text, character);
  if (character === "x") return readHex(text);
  const control = CONTROL[character];
  if (control === undefined) throw new ExpressionError(`\\${character} means nothing`);
  return control;
}

function readOctal(text: ExpressionText, first: string): number {
  if (first !== "0" && !/^[0-7]$/.test(text.peek())) {
    throw new ExpressionError(`\\${first} would refer back to a group`);
  }
  let digits = first;
  while (digits.length < 3 && /^[0-7]$/.test(text.peek())) digits += text.next();
  return Number.parseInt(digits, 8);
}

function readHex(text: ExpressionText): number {
  const digits = text.skip("{") ? text.readUntil("}") : text.next() + text.next();
  const point = /^[0-9A-Fa-f]+$/.test(digits ?? "") ? Number.parseInt(digits!, 16) : Infinity;
  if (point <= 0x10ffff) return point;
  throw new ExpressionError(`\\x${digits ?? "{"} is no character`);
}

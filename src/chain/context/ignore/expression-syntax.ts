// SPDX-License-Identifier: MIT

/** Whether a code point is in a set. */
export type CharacterTest = (point: number) => boolean;

/** A place in a text: its start, its end, between a letter and something else, not there. */
export type Place = "start" | "end" | "boundary" | "no-boundary";

/** A regular expression, as far as a pattern of an ignore file can come to one. */
export type Expression =
  | { readonly kind: "character"; readonly test: CharacterTest; readonly literal?: number }
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "repeat"; readonly of: Expression; readonly min: number; readonly max: number }
  | { readonly kind: "sequence"; readonly parts: readonly Expression[] }
  | { readonly kind: "choice"; readonly options: readonly Expression[] };

/** Says that a pattern makes no regular expression. */
export class ExpressionError extends Error {}

/** The code points of an expression, and how far they are read. */
export class ExpressionText {
  readonly #points: readonly string[];
  /** Ends that do not come any more: to look for them again and again would take n² steps. */
  readonly #absent = new Set<string>();
  at = 0;

  constructor(text: string) {
    this.#points = Array.from(text);
  }
  get isAtEnd(): boolean {
    return this.at >= this.#points.length;
  }
  /** The character `ahead` of the next one; empty behind the end. */
  peek(ahead = 0): string {
    return this.#points[this.at + ahead] ?? "";
  }
  /** @throws ExpressionError at the end */
  next(): string {
    const character = this.peek();
    if (character === "") throw new ExpressionError("it ends too early");
    this.at += 1;
    return character;
  }
  /** Goes on behind a text, if that is what comes next. */
  skip(text: string): boolean {
    for (let at = 0; at < text.length; at += 1) if (this.peek(at) !== text[at]) return false;
    this.at += text.length;
    return true;
  }
  /** What comes before `end`, reading on behind it; undefined, and nothing is read, when `end` does not come. */
  readUntil(end: string): string | undefined {
    const start = this.at;
    while (!this.isAtEnd && !this.#absent.has(end)) {
      const here = this.at;
      if (this.skip(end)) return this.#points.slice(start, here).join("");
      this.at += 1;
    }
    this.#absent.add(end);
    this.at = start;
    return undefined;
  }
}

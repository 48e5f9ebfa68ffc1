// SPDX-License-Identifier: MIT
import { isWordCharacter } from "./character-sets.ts";
import {
  ExpressionError,
  type CharacterTest,
  type Expression,
  type Place,
} from "./expression-syntax.ts";

/** One step of a program: read a character, be at a place, go on at two steps, or be done. */
type Step =
  | { readonly test: CharacterTest; readonly next: number }
  | { readonly place: Place; readonly next: number }
  | { readonly either: readonly number[] }
  | undefined;

/** Whether an expression matches anywhere in a text of code points. */
export type ExpressionMatcher = (points: readonly number[]) => boolean;

/** Go refuses an expression that needs more memory than this would. */
const MOST_STEPS = 1_000_000;

/**
 * Compiles an expression. All ways to match are followed at once, so that a match takes at most as many steps as the
 * text and the expression are long, multiplied: no text and no pattern can make it try forever.
 * @throws ExpressionError when the expression is too large
 */
export function compileExpression(expression: Expression): ExpressionMatcher {
  // Built from the end to the start: each part is told where to go on.
  const steps: Step[] = [undefined];
  const start = build(expression, 0, steps);
  return (points) => run(steps, start, points);
}

function build(expression: Expression, next: number, steps: Step[]): number {
  const add = (step: Step): number => {
    if (steps.length > MOST_STEPS) throw new ExpressionError("it is too large");
    return steps.push(step) - 1;
  };
  switch (expression.kind) {
    case "character":
      return add({ test: expression.test, next });
    case "place":
      return add({ place: expression.place, next });
    case "sequence":
      return expression.parts.reduceRight((after, part) => build(part, after, steps), next);
    case "choice":
      return add({ either: expression.options.map((option) => build(option, next, steps)) });
    case "repeat": {
      let after = next;
      if (expression.max === Infinity) {
        const loop: number[] = [];
        after = add({ either: loop });
        loop.push(build(expression.of, after, steps), next);
      } else {
        for (let more = expression.min; more < expression.max; more += 1) {
          after = add({ either: [build(expression.of, after, steps), next] });
        }
      }
      for (let count = 0; count < expression.min; count += 1) {
        after = build(expression.of, after, steps);
      }
      return after;
    }
  }
}

function run(steps: readonly Step[], start: number, points: readonly number[]): boolean {
  /** For each step: behind the last position at which it was reached. */
  const reached = new Uint32Array(steps.length);
  let current: number[] = [];
  const reach = (first: number, at: number, into: number[]): boolean => {
    const pending = [first];
    for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
      if (reached[step] === at + 1) continue;
      reached[step] = at + 1;
      const doing = steps[step];
      if (doing === undefined) return true;
      if ("either" in doing) pending.push(...doing.either);
      else if ("test" in doing) into.push(step);
      else if (isAtPlace(doing.place, points, at)) pending.push(doing.next);
    }
    return false;
  };
  for (let at = 0; ; at += 1) {
    if (reach(start, at, current)) return true;
    const point = points[at];
    if (point === undefined) return false;
    const following: number[] = [];
    for (const step of current) {
      const doing = steps[step] as { test: CharacterTest; next: number };
      if (doing.test(point) && reach(doing.next, at + 1, following)) return true;
    }
    current = following;
  }
}

function isAtPlace(place: Place, points: readonly number[], at: number): boolean {
  if (place === "start") return at === 0;
  if (place === "end") return at === points.length;
  const isWord = (index: number): boolean =>
    index >= 0 && index < points.length && isWordCharacter(points[index]!);
  return (isWord(at - 1) !== isWord(at)) === (place === "boundary");
}

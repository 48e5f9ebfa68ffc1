// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { ModeChange } from "./edit-metadata.ts";

const OCTAL = /^[0-7]{1,4}$/;
const CLAUSE = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/;
const BITS: Readonly<Record<string, number>> = Object.freeze({ r: 0o444, w: 0o222, x: 0o111 });
/** All the bits that user, group or others can have: three permissions and a special one. */
const SHARES: Readonly<Record<string, number>> = Object.freeze({
  u: 0o4700,
  g: 0o2070,
  o: 0o1007,
  a: 0o7777,
});

/**
 * Parses a change of permission bits as `chmod` takes it: octal (`755`), or clauses such as `u=rwX,go=rX` and
 * `go-w`. A clause without `u`, `g` or `o` applies to all three. `X` means `x` for directories, and for files
 * that have an `x` already. `=` also removes the bits that it does not name, `s` and `t` among them.
 * @throws OciError `invalid-argument`
 */
export function parseModeChange(text: string): ModeChange {
  if (OCTAL.test(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const clauses = text.split(",").map((clause) => parseClause(clause, text));
  return (mode, isDirectory) => clauses.reduce((bits, change) => change(bits, isDirectory), mode);
}

function parseClause(clause: string, text: string): ModeChange {
  const [, who = "", actions] = CLAUSE.exec(clause) ?? [];
  if (actions === undefined) {
    throw new OciError(
      "invalid-argument",
      `mode: expected octal digits or clauses as u=rwX,go=rX, got ${quote(text)}`,
    );
  }
  let share = 0;
  for (const name of who || "a") share |= SHARES[name]!;
  const steps = actions.match(/[-+=][^-+=]*/g)!;
  return (mode, isDirectory) =>
    steps.reduce((bits, step) => applyStep(bits, step, share, isDirectory), mode);
}

function applyStep(mode: number, step: string, share: number, isDirectory: boolean): number {
  const bits = bitsOf(step.slice(1), isDirectory || (mode & 0o111) !== 0) & share;
  switch (step[0]) {
    case "+":
      return mode | bits;
    case "-":
      return mode & ~bits;
    default:
      return (mode & ~share) | bits;
  }
}

function bitsOf(letters: string, isExecutable: boolean): number {
  let bits = 0;
  for (const letter of letters) {
    if (letter === "s") bits |= 0o6000;
    else if (letter === "t") bits |= 0o1000;
    else if (letter === "X") bits |= isExecutable ? 0o111 : 0;
    else bits |= BITS[letter]!;
  }
  return bits;
}

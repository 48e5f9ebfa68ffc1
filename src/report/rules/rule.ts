// SPDX-License-Identifier: MIT

/** One thing that has to hold, for reports: every code of a finding has one. */
export interface Rule {
  /** One sentence for people: what holds where nothing is reported. */
  readonly holds: string;
  /** One sentence: what to do where it does not hold. */
  readonly remedy: string;
  /** What its findings are, unless a finding or a policy says otherwise. */
  readonly level: "error" | "note";
}

/** The rules of one kind of question, by the codes of its findings. */
export type Rules<Code extends string> = Readonly<Record<Code, Rule>>;

/** A rule whose findings are errors. */
export function demand(holds: string, remedy: string): Rule {
  return { holds, remedy, level: "error" };
}

/** A rule whose findings are notes. */
export function remark(holds: string, remedy: string): Rule {
  return { holds, remedy, level: "note" };
}

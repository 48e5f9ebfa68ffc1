// SPDX-License-Identifier: MIT
import { CONTENT_RULES, IMAGE_RULES } from "./image-rules.ts";
import { LINK_RULES } from "./link-rules.ts";
import { POLICY_RULES } from "./policy-rules.ts";
import type { Rule } from "./rule.ts";

/** What was asked where a finding was made. A code means something within one of them. */
export type Question = "content" | "image" | "links";

const BY_QUESTION: Readonly<Record<Question, ReadonlyMap<string, Rule>>> = Object.freeze({
  content: new Map(Object.entries(CONTENT_RULES)),
  image: new Map<string, Rule>([...Object.entries(IMAGE_RULES), ...Object.entries(POLICY_RULES)]),
  links: new Map(Object.entries(LINK_RULES)),
});

/** The rule that a finding breaks. A code of somebody else has its own words. */
export function ruleOf(question: Question, code: string): Rule {
  const known = BY_QUESTION[question].get(code);
  if (known !== undefined) return known;
  return { holds: `${code.replaceAll("-", " ")}.`, remedy: "Look at the message.", level: "error" };
}

/** What the rule is called among all rules of the program: for links, whose codes others have too, with their name. */
export function ruleIdOf(question: Question, code: string): string {
  return question === "links" ? `links/${code}` : code;
}

/** The page of this project's documentation that has a rule in full. */
export function pageOf(ruleId: string): string {
  return Object.hasOwn(POLICY_RULES, ruleId) ? "docs/policies.md" : "docs/verify.md";
}

// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { CONTENT_RULES, IMAGE_RULES } from "./image-rules.ts";
import { LINK_RULES } from "./link-rules.ts";
import { POLICY_KINDS, POLICY_RULES } from "./policy-rules.ts";
import { pageOf, ruleIdOf, ruleOf } from "./rules.ts";

const TABLES = [
  ["content", CONTENT_RULES],
  ["image", IMAGE_RULES],
  ["image", POLICY_RULES],
  ["links", LINK_RULES],
] as const;

const rules = TABLES.flatMap(([question, table]) =>
  Object.entries(table).map(([code, rule]) => ({
    id: ruleIdOf(question, code),
    question,
    code,
    rule,
  })),
);

it("every code has a sentence of its own, another that says what to do, and a name that no other has", () => {
  const sentences = rules.map(({ rule }) => rule.holds);
  expect(new Set(sentences).size).toBe(sentences.length);
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  for (const { rule } of rules) {
    expect(rule.holds).toMatch(/^[A-Z].{10,}\.$/);
    expect(rule.remedy).toMatch(/^[A-Z].{10,}\.$/);
    expect(rule.remedy).not.toBe(rule.holds);
  }
  expect(Object.keys(POLICY_KINDS)).toHaveLength(15);
});

it("a code is found where it was asked: links and content have one of the same name", () => {
  for (const { question, code, rule } of rules) expect(ruleOf(question, code)).toBe(rule);
  expect(ruleOf("links", "missing").holds).not.toBe(ruleOf("content", "missing").holds);
  expect(pageOf("path-empty")).toBe("docs/policies.md");
  expect(pageOf("links/missing")).toBe("docs/verify.md");
});

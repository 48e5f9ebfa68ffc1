// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { matcherOf, type PathTest } from "./path-pattern.ts";
import type { StrippedPolicy } from "./policy.ts";
import type { BeginCheck } from "./policy-check.ts";

/** Looks for a symbol table in every ELF object that a pattern means. A pattern that means none is a finding. */
export const beginStripped: BeginCheck<StrippedPolicy> = ({ paths }, { root }, reporter) => {
  const patterns = paths.map((text) => ({ text, matches: matcherOf(root, text) }));
  return {
    async finish({ survey, read }) {
      const unmatched = new Map<PathTest, string>(
        patterns.map(({ text, matches }) => [matches, text]),
      );
      for (const { path, node } of survey.objects) {
        const meant = patterns.filter(({ matches }) => matches(path));
        if (meant.length === 0) continue;
        for (const { matches } of meant) unmatched.delete(matches);
        const file = await read(path, node);
        if (file.kind !== "elf" || !file.object.symbolTable) continue;
        reporter.tell("not-stripped", path, "expected no symbol table, got one");
      }
      for (const text of unmatched.values()) {
        reporter.tellOf(
          "nothing-matched",
          text,
          `${escapeText(text)}: expected ELF objects, got none`,
        );
      }
    },
  };
};

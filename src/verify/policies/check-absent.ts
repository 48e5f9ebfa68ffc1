// SPDX-License-Identifier: MIT
import { escapeText, type ByteString } from "../../bytes/byte-string.ts";
import { matcherOf } from "./path-pattern.ts";
import type { AbsentPolicy } from "./policy.ts";
import type { BeginCheck } from "./policy-check.ts";

/** Reports everything that matches a pattern. What is below a match belongs to it, and is not told. */
export const beginAbsent: BeginCheck<AbsentPolicy> = ({ paths }, { root }, reporter) => {
  const patterns = paths.map((text) => ({ text, matches: matcherOf(root, text) }));
  let last: ByteString | undefined;
  return {
    visit(path, { type }) {
      if (last !== undefined && path.startsWith(last)) return;
      const found = patterns.find(({ matches }) => matches(path));
      if (found === undefined) return;
      if (type === "directory") last = `${path}/` as ByteString;
      reporter.tell(
        "path-forbidden",
        path,
        `is there, and nothing may match ${escapeText(found.text)}`,
      );
    },
    finish: () => undefined,
  };
};

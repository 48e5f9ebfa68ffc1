// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import { matchText } from "../../oci/match-text.ts";
import type { EnvironmentPolicy } from "./policy.ts";
import type { BeginCheck, Reporter } from "./policy-check.ts";

/** Compares the environment of the image with what the policy says of it. The value of a forbidden one is not shown: it may be a secret. */
export const beginEnvironment: BeginCheck<EnvironmentPolicy> = (policy, _, reporter) => ({
  finish({ execution }) {
    const variables = new Map((execution.Env ?? []).map(split));
    const { values = {}, agrees = {}, forbidden = [] } = policy;
    for (const [name, expected] of Object.entries(values)) {
      compare(name, expected, variables.get(name), reporter);
    }
    for (const [name, expected] of Object.entries(agrees)) {
      if (variables.has(name)) compare(name, expected, variables.get(name), reporter);
    }
    for (const [name, value] of variables) {
      const pattern = forbidden.find((one) =>
        matchText(one, one.includes("=") ? `${name}=${value}` : name),
      );
      if (pattern === undefined) continue;
      const message = `${escapeText(name)}: is set, and no variable may match ${escapeText(pattern)}`;
      reporter.tellOf("variable-forbidden", name, message);
    }
  },
});

function split(line: string): [name: string, value: string] {
  const equals = line.indexOf("=");
  return equals < 0 ? [line, ""] : [line.slice(0, equals), line.slice(equals + 1)];
}

function compare(
  name: string,
  expected: string,
  got: string | undefined,
  reporter: Reporter,
): void {
  if (got === expected) return;
  const shown = got === undefined ? "no such variable" : `"${escapeText(got)}"`;
  const message = `${escapeText(name)}: expected "${escapeText(expected)}", got ${shown}`;
  reporter.tellOf("wrong-variable", name, message);
}

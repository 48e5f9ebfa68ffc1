// SPDX-License-Identifier: MIT
import { quote } from "../../oci/quote.ts";
import { hideSecrets } from "./hide-secrets.ts";

const LONGEST = 300;
/** A line that gives a secret a name, as `"Secret": "…"`, `password=…` or `Authorization: Basic …`. */
const NAMES_A_SECRET = /secret|passw(or)?d|token|authorization|\b(basic|bearer)\b/i;
const GIVES_A_VALUE = /["']?\s*[:=]\s*\S|\b(basic|bearer)\s+\S/i;

/**
 * What a credential helper said, for a message: escaped, on one line, cut. Lines that seem to hold a secret are left
 * out, and so is every one of `secrets`: a helper may print what it was given, or its answer, before it fails.
 * Undefined when nothing is left.
 */
export function formatWords(text: string, secrets: readonly string[]): string | undefined {
  const said = hideSecrets(text, [...secrets, ...secretsIn(text)])
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !(NAMES_A_SECRET.test(line) && GIVES_A_VALUE.test(line)))
    .join("; ");
  return said === "" ? undefined : quote(said.slice(0, LONGEST));
}

/** The value of each `"Secret"` in a text that has an answer of a helper in it. */
export function secretsIn(text: string): string[] {
  return [...text.matchAll(/"Secret"\s*:\s*("(?:[^"\\]|\\.)*")/gi)].flatMap(([, value = ""]) => {
    try {
      return [JSON.parse(value) as string, value.slice(1, -1)];
    } catch {
      return [value.slice(1, -1)];
    }
  });
}

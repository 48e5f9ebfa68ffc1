// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../oci/limits.ts";
import { didYouMean } from "../../../oci/near-miss.ts";
import { A_SIZE, readSize } from "./size.ts";

/**
 * Parses the values of `--limit NAME=N`. NAME is a limit of the library; N is a whole number, or a size with its unit.
 * When a limit is set twice, the last value counts.
 * @throws OciError `invalid-argument`
 */
export function parseLimits(texts: readonly string[]): Partial<Limits> {
  return Object.fromEntries(texts.map(parseLimit));
}

function parseLimit(text: string): [name: string, value: number] {
  const equals = text.indexOf("=");
  const [name, number] = [text.slice(0, Math.max(equals, 0)), text.slice(equals + 1)];
  const isPart = /^\d*\.\d*$/.test(number);
  const value = equals < 0 || isPart ? undefined : readSize(number);
  if (value === undefined) {
    throw refused(text, `NAME=N with a whole number or ${A_SIZE}`);
  }
  if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
    const names = Object.keys(DEFAULT_LIMITS);
    throw refused(text, `one of the names ${names.join(", ")}`, didYouMean(name, names));
  }
  return [name, value];
}

function refused(text: string, expected: string, hint: { readonly hint?: string } = {}): OciError {
  return new OciError(
    "invalid-argument",
    `--limit: expected ${expected}, got ${JSON.stringify(text)}`,
    { details: { got: text }, ...hint },
  );
}

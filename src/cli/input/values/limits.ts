// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../oci/limits.ts";
import { didYouMean } from "../../../oci/near-miss.ts";

const UNITS: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/**
 * Parses the values of `--limit NAME=N`. NAME is a limit of the library; N is a whole number, optionally followed
 * by KiB, MiB, GiB or TiB. When a limit is set twice, the last value counts.
 * @throws OciError `invalid-argument`
 */
export function parseLimits(texts: readonly string[]): Partial<Limits> {
  return Object.fromEntries(texts.map(parseLimit));
}

function parseLimit(text: string): [name: string, value: number] {
  const [, name = "", number, unit] = /^([^=]*)=(\d{1,16})(KiB|MiB|GiB|TiB)?$/.exec(text) ?? [];
  const value = Number(number) * (UNITS[unit ?? ""] ?? 1);
  if (number === undefined || !Number.isSafeInteger(value)) {
    throw refused(
      text,
      "NAME=N with a whole number, plain or in KiB, MiB, GiB or TiB, as expansionFloor=8GiB",
    );
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

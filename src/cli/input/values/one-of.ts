// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";
import { didYouMean } from "../../../oci/near-miss.ts";
import { quote } from "../../../oci/quote.ts";

/**
 * The value of an option that takes one of a few words.
 * @throws OciError `invalid-argument`, which lists them, and names the one that was probably meant
 */
export function oneOf<T extends string>(option: string, text: string, words: readonly T[]): T {
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  throw new OciError(
    "invalid-argument",
    `${option}: expected one of ${words.join(", ")}, got ${quote(text)}`,
    didYouMean(text, words),
  );
}

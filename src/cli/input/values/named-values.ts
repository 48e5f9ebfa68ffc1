// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";

/** The values of a flag that is given as NAME=VALUE, any number of times. @throws OciError `invalid-argument` */
export function namedValues(
  flag: string,
  texts: readonly string[] = [],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf("=");
      if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
      throw new OciError("invalid-argument", `${flag}: expected NAME=VALUE, got ${quote(text)}`);
    }),
  );
}

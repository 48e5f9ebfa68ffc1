// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";
import { quote } from "../../../oci/quote.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Checks the name of a stage, which files are named after. @throws OciError `invalid-argument` */
export function checkStageName(name: string): string {
  if (NAME.test(name)) return name;
  throw new OciError(
    "invalid-argument",
    `stage: expected a name of letters, digits and "._-", at most 128, got ${quote(name)}`,
    { details: { name: name.slice(0, 255) } },
  );
}

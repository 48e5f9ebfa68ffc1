// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";

const REFERENCE = /^(?:oci|oci-layout|oci-archive|docker-archive|dir|docker):/;

/**
 * A directory that a command is given by its path.
 * @param usage the command with its arguments in their order, for hints
 * @throws OciError `invalid-argument` for a reference, and for `-`: no directory goes through stdin or stdout
 */
export function parseDirectory(text: string, usage: string): string {
  const isStream = text === "-";
  if (!isStream && !REFERENCE.test(text)) return text;
  const got = isStream ? "-, which is stdin or stdout" : `the reference ${quote(text)}`;
  throw new OciError("invalid-argument", `DIR: expected the path of a directory, got ${got}`, {
    details: { got: text },
    hint: `The order is ${usage}; a directory of that name is ./${text}`,
  });
}

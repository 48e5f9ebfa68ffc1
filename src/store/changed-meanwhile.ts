// SPDX-License-Identifier: MIT
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";

/**
 * The error for a tag that somebody else moved since it was read.
 * @param expected null when there was no such tag
 * @param now undefined when that is not known
 */
export function changedMeanwhile(
  what: string,
  expected: Digest | null,
  now: Digest | null | undefined,
  cause?: unknown,
): OciError {
  const got = now === undefined ? "something else" : (now ?? "nothing");
  return new OciError(
    "changed-meanwhile",
    `${what}: expected it to name ${expected ?? "nothing"} still, got ${got}: somebody else changed it meanwhile`,
    {
      details: { expected, now },
      hint: "Try again: it is made of what is there then.",
      ...(cause !== undefined && { cause }),
    },
  );
}

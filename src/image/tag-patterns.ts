// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import { matchText } from "../oci/match-text.ts";

/**
 * The tags that match one of the patterns, as {@link matchText} does; all without patterns.
 * @throws OciError `not-found` when there are none, or when a pattern matches none
 */
export function filterTags(
  tags: readonly string[],
  patterns: readonly string[],
  where: string,
): readonly string[] {
  if (tags.length === 0) throw new OciError("not-found", `${where}: expected tags, got none`);
  const idle = patterns.find((pattern) => !tags.some((tag) => matchText(pattern, tag)));
  if (idle !== undefined) {
    throw new OciError(
      "not-found",
      `${where}: expected tags that match ${JSON.stringify(idle)}, got none among ${tags.length}`,
      { details: { pattern: idle }, hint: `oci-kit tags ${where} says what there is` },
    );
  }
  if (patterns.length === 0) return tags;
  return tags.filter((tag) => patterns.some((pattern) => matchText(pattern, tag)));
}

// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";

/** Whether a name matches a pattern: `*` stands for any text, `?` for one character. */
export function matchesPattern(name: string, pattern: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(name);
}

/**
 * The tags that match one of the patterns; all without patterns.
 * @throws OciError `not-found` when there are none, or when a pattern matches none
 */
export function filterTags(
  tags: readonly string[],
  patterns: readonly string[],
  where: string,
): readonly string[] {
  if (tags.length === 0) throw new OciError("not-found", `${where}: expected tags, got none`);
  const idle = patterns.find((pattern) => !tags.some((tag) => matchesPattern(tag, pattern)));
  if (idle !== undefined) {
    throw new OciError(
      "not-found",
      `${where}: expected tags that match ${JSON.stringify(idle)}, got none among ${tags.length}`,
      { details: { pattern: idle }, hint: `oci-kit tags ${where} says what there is` },
    );
  }
  if (patterns.length === 0) return tags;
  return tags.filter((tag) => patterns.some((pattern) => matchesPattern(tag, pattern)));
}

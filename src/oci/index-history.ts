// SPDX-License-Identifier: MIT
import { AnnotationKey } from "./annotations.ts";
import { type Digest, isDigest } from "./digest.ts";
import { OciError } from "./errors.ts";
import { quote } from "./quote.ts";

/** How many earlier indexes an index remembers. A rollback can reach these, and prune keeps them. */
export const REMEMBERED_INDEXES = 5;

type Annotations = Readonly<Record<string, string>> | undefined;

/**
 * What a tag named before it named this index, the latest first; empty when nothing is recorded.
 * @param where the index, for messages
 * @throws OciError `unreadable` for a record that is no list of digests: it is never taken for an empty one
 */
export function previousIndexes(annotations: Annotations, where: string): readonly Digest[] {
  const key = AnnotationKey.previousIndexes;
  if (annotations === undefined || !Object.hasOwn(annotations, key)) return [];
  const parts = (annotations[key] ?? "").split(",");
  if (parts.length <= REMEMBERED_INDEXES && parts.every(isDigest)) return parts;
  throw new OciError(
    "unreadable",
    `${where}: expected ${key} to list up to ${REMEMBERED_INDEXES} digests, got ${quote(annotations[key])}`,
    { details: { key } },
  );
}

/** The annotation of an index that takes the place of `before`, which remembered `earlier`. */
export function rememberIndex(
  before: Digest,
  earlier: readonly Digest[],
): Readonly<Record<string, string>> {
  const all = [before, ...earlier.filter((digest) => digest !== before)];
  return { [AnnotationKey.previousIndexes]: all.slice(0, REMEMBERED_INDEXES).join(",") };
}

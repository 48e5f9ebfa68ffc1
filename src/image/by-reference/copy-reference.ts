// SPDX-License-Identifier: MIT
import { copy, type CopyOptions, type CopySummary } from "../../store/copy/copy.ts";
import {
  rootOf,
  withSource,
  withTarget,
  type Named,
  type SourceOptions,
  type WrittenTo,
} from "./with-reference.ts";

export type CopyReferenceOptions = SourceOptions & Omit<CopyOptions, "tag" | "keepRoot">;

/**
 * Copies what a reference means to another, as `copy` does between stores: an image, an index with all
 * its images, or with a platform one of them.
 * @throws OciError what opening throws; CopyError
 */
export function copyReference(
  from: Named,
  to: Named,
  options: CopyReferenceOptions = {},
): Promise<CopySummary & WrittenTo> {
  return withSource(from, options, async (source) => {
    const root = await rootOf(source, options);
    return withTarget(to, options, ({ store, tag }) =>
      copy(source.store, root, store, { ...options, tag }),
    );
  });
}

// SPDX-License-Identifier: MIT
import { copy, type CopyOptions, type CopySummary } from "../../store/copy/copy.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import {
  besides,
  rootOf,
  withSource,
  withTarget,
  type Named,
  type SourceOptions,
  type WrittenTo,
} from "./with-reference.ts";

export type CopyReferenceOptions = SourceOptions & Omit<CopyOptions, "tag" | "keepRoot">;

/** What was copied, or would be, and where to. */
export interface CopiedReference extends CopySummary, WrittenTo {
  /** Images that the source names and does not hold, as archives of `docker save` do; none with a platform. */
  readonly absent: readonly Descriptor[];
}

/**
 * Copies what a reference means to another, as `copy` does between stores: an image, an index with all
 * its images, or with a platform one of them.
 * @throws OciError what opening throws; CopyError
 */
export function copyReference(
  from: Named,
  to: Named,
  options: CopyReferenceOptions = {},
): Promise<CopiedReference> {
  return withSource(from, besides(to, options), async (source) => {
    const root = await rootOf(source, options);
    const absent = (await source.store.capabilities.absent?.(options)) ?? [];
    const copied = await withTarget(to, options, ({ store, tag }) =>
      copy(source.store, root, store, { ...options, tag }),
    );
    return { ...copied, absent: options.platform === undefined ? absent : [] };
  });
}

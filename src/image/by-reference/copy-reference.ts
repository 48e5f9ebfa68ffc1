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

/** What was copied, or would be in a dry run, and where to. */
export interface CopiedReference extends CopySummary, WrittenTo {
  /** Images that the source names but does not hold, as in archives by `docker save`. Empty when a platform is given. */
  readonly absent: readonly Descriptor[];
}

/**
 * Copies what a reference names to another reference, as `copy` does between stores: an image, an index with
 * all its images, or the one image of an index that is for the given platform.
 * @throws OciError whatever opening the references throws; CopyError
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

// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { findReferrers } from "../../store/referrers/search-referrers.ts";
import { lookUpRoot } from "./describe-reference.ts";
import { withSource, type Named, type SourceOptions } from "./with-reference.ts";

export interface ListReferrersOptions extends SourceOptions {
  /** Only artifacts of this type. */
  readonly artifactType?: string | undefined;
}

/** What refers to a manifest or index. */
export interface ReferrerList {
  /** The store's name. */
  readonly store: string;
  /** What the reference names. */
  readonly subject: Descriptor;
  readonly referrers: readonly Descriptor[];
}

/**
 * Lists the signatures, attestations and other artifacts whose `subject` is what a reference names.
 * @throws OciError `not-found`; what opening and `findReferrers` throw
 */
export function listReferrers(
  reference: Named,
  options: ListReferrersOptions = {},
): Promise<ReferrerList> {
  return withSource(reference, options, async (source) => {
    const subject = await lookUpRoot(source, options);
    const referrers = await findReferrers(source.store, subject.digest, options);
    return { store: source.store.name, subject, referrers };
  });
}

// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";

/** The annotations or labels in which an image records where it came from. */
export interface ProvenanceKeys {
  readonly parentDigest: string;
  readonly parentStage: string;
  readonly runId: string;
}

/** The keys that count, with the family's for those that are not given. */
export function provenanceKeys(
  given: { readonly [Key in keyof ProvenanceKeys]?: string | undefined } = {},
): ProvenanceKeys {
  return {
    parentDigest: given.parentDigest ?? AnnotationKey.parentDigest,
    parentStage: given.parentStage ?? AnnotationKey.parentStage,
    runId: given.runId ?? AnnotationKey.runId,
  };
}

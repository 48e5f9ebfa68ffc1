// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseIndex, parseManifest } from "../../oci/documents/parse-documents.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Limits } from "../../oci/limits.ts";
import { isIndexType } from "../../oci/media-types.ts";

/** A manifest or index that speaks of another one. */
export interface Referrer {
  /** What it speaks of. */
  readonly subject: Digest;
  /** Its descriptor in a list of referrers: with its annotations, and what kind of artifact it is. */
  readonly descriptor: Descriptor;
}

/**
 * Describes a manifest or index as a list of referrers has it (distribution-spec, "Listing Referrers"): a
 * manifest without an `artifactType` is of the type of its configuration. Undefined when it has no `subject`.
 * @throws OciError `invalid-manifest`, `invalid-index`, `invalid-json`, `limit-exceeded`
 */
export function describeReferrer(
  { mediaType, digest, size }: Descriptor,
  bytes: Uint8Array,
  limits?: Partial<Limits>,
): Referrer | undefined {
  const plain = { mediaType, digest, size };
  const isIndex = isIndexType(mediaType);
  const parse = isIndex ? parseIndex : parseManifest;
  const { subject, annotations, ...value } = parse(bytes, plain, { limits }).value;
  if (subject === undefined) return undefined;
  const artifactType =
    value.artifactType ?? ("config" in value ? value.config.mediaType : undefined);
  return {
    subject: subject.digest,
    descriptor: {
      ...plain,
      ...(artifactType !== undefined && { artifactType }),
      ...(annotations !== undefined && { annotations }),
    },
  };
}

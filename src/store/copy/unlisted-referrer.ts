// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Limits } from "../../oci/limits.ts";
import { parseIndex, parseManifest } from "../../oci/documents/parse-documents.ts";
import { isIndexType } from "../../oci/media-types.ts";
import type { GraphManifest } from "../content-graph.ts";
import type { ContentStore } from "../store.ts";

/**
 * Whether a manifest that the target holds is missing from the target's list of what refers to its subject. Where
 * clients keep that list, a push that was interrupted may have stored the manifest and not listed it: pushing it again
 * does. One question for each manifest with a subject, none for others.
 * @throws OciError any error of listing what refers to the subject
 */
export async function isUnlisted(
  target: ContentStore,
  { descriptor, bytes }: GraphManifest,
  options: AbortOptions & { readonly limits?: Partial<Limits> | undefined },
): Promise<boolean> {
  const { referrers } = target.capabilities;
  if (referrers === undefined || bytes === undefined) return false;
  const parse = isIndexType(descriptor.mediaType) ? parseIndex : parseManifest;
  const { subject } = parse(bytes, descriptor, options).value;
  if (subject === undefined) return false;
  const listed = await referrers(subject.digest, undefined, options);
  return listed.every(({ digest }) => digest !== descriptor.digest);
}

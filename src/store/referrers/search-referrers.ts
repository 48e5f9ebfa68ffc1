// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { childrenOf, namesContent } from "../content-graph.ts";
import { describeReferrer } from "./describe-referrer.ts";
import { readDocumentBytes } from "../read-documents.ts";
import type { ReadableStore } from "../store.ts";

export interface FindReferrersOptions extends AbortOptions {
  /** Only referrers of this kind. */
  readonly artifactType?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * The manifests whose `subject` is this one: as the store lists them, or else found among its roots and what
 * their indexes list, such as the index under a referrers tag.
 * @throws OciError `unsupported-operation` for a store that lists neither; whatever reading throws
 */
export async function findReferrers(
  store: ReadableStore,
  subject: Digest,
  options: FindReferrersOptions = {},
): Promise<readonly Descriptor[]> {
  const { artifactType, signal } = options;
  const { referrers, roots } = store.capabilities;
  if (referrers !== undefined) return referrers(subject, artifactType, { signal });
  if (roots === undefined) {
    throw new OciError(
      "unsupported-operation",
      `${store.name}: this kind of store can't list what refers to a manifest`,
    );
  }
  const found = new Map<Digest, Descriptor>();
  const seen = new Set<Digest>();
  const pending = [...(await roots({ signal }))];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next.digest) || !namesContent(next)) continue;
    seen.add(next.digest);
    const bytes = await readHeld(store, next, options);
    if (bytes === undefined) continue;
    const referrer = describeReferrer(next, bytes, options.limits);
    if (referrer?.subject === subject) found.set(next.digest, referrer.descriptor);
    if (isIndexType(next.mediaType)) pending.push(...childrenOf(next, bytes, options.limits));
  }
  return [...found.values()]
    .filter((descriptor) => artifactType === undefined || descriptor.artifactType === artifactType)
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** The bytes of a document; undefined for one that an index names and the store does not hold. */
async function readHeld(
  store: ReadableStore,
  descriptor: Descriptor,
  options: FindReferrersOptions,
): Promise<Uint8Array | undefined> {
  try {
    return await readDocumentBytes(store, descriptor, options);
  } catch (error) {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  }
}

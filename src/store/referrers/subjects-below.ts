// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { childrenOf, namesContent } from "../content-graph.ts";
import { readDocumentBytes } from "../read-documents.ts";
import type { ReadableStore } from "../store.ts";
import { describeReferrer } from "./describe-referrer.ts";

export interface SubjectsBelowOptions extends AbortOptions {
  /** Passes over roots that the store has lost, instead of failing. */
  readonly skipLost?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * What refers to other content among roots and what their indexes list, such as the index under a referrers tag: by
 * subject, sorted by digest, each once. What an index lists and the store does not hold refers to nothing.
 * @throws OciError `not-found` for a root that the store has lost; whatever reading throws
 */
export async function subjectsBelow(
  store: ReadableStore,
  roots: readonly Descriptor[],
  options: SubjectsBelowOptions,
): Promise<ReadonlyMap<Digest, readonly Descriptor[]>> {
  const { limits } = options;
  const found = new Map<Digest, Descriptor[]>();
  const seen = new Set<Digest>();
  const pending = roots.map((descriptor) => ({ descriptor, mayLack: options.skipLost === true }));
  // The children of an index come after all that is pending when it is read.
  for (const { descriptor, mayLack } of pending) {
    if (seen.has(descriptor.digest) || !namesContent(descriptor)) continue;
    seen.add(descriptor.digest);
    const bytes = await read(store, descriptor, mayLack, options);
    if (bytes === undefined) continue;
    const referrer = describeReferrer(descriptor, bytes, limits);
    if (referrer !== undefined) {
      const about = found.get(referrer.subject) ?? [];
      found.set(referrer.subject, [...about, referrer.descriptor]);
    }
    if (!isIndexType(descriptor.mediaType)) continue;
    for (const child of childrenOf(descriptor, bytes, limits)) {
      pending.push({ descriptor: child, mayLack: true });
    }
  }
  for (const about of found.values()) about.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return found;
}

async function read(
  store: ReadableStore,
  descriptor: Descriptor,
  mayLack: boolean,
  options: SubjectsBelowOptions,
): Promise<Uint8Array | undefined> {
  try {
    return await readDocumentBytes(store, descriptor, options);
  } catch (error) {
    if (mayLack && isOciError(error, "not-found")) return undefined;
    throw error;
  }
}

// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { OpenReference } from "../open-reference.ts";
import { rootOf, withSource, type Named, type SourceOptions } from "./with-reference.ts";

/** What a reference names. */
export interface DescribedReference {
  /** The store's name. */
  readonly store: string;
  readonly descriptor: Descriptor;
}

/**
 * The descriptor of the manifest or index that a reference names, or of the image for a platform. Nothing is
 * read where the store tells it, so that a registry counts no pull; then it is as true as the registry.
 * @throws OciError `not-found`; what opening throws
 */
export function describeReference(
  reference: Named,
  options: SourceOptions = {},
): Promise<DescribedReference> {
  return withSource(reference, options, async (source) => ({
    store: source.store.name,
    descriptor: await lookUpRoot(source, options),
  }));
}

/** The root of a source, or the image of it for the platform: looked up where that is enough, or else read. */
export async function lookUpRoot(
  source: OpenReference,
  options: SourceOptions,
): Promise<Descriptor> {
  const { lookUp } = source.store.capabilities;
  if (lookUp === undefined || options.platform !== undefined) return rootOf(source, options);
  return lookUp(source.reference ?? "latest", options);
}

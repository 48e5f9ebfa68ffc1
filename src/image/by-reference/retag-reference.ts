// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseTag } from "../../oci/reference.ts";
import { formatLocation, parseLocation, storeOf } from "../location.ts";
import { withSource, withTarget, type Named, type TargetOptions } from "./with-reference.ts";

/** What was tagged, or would be in a dry run. */
export interface Retagged {
  /** The registry repository or the layout, as a reference. */
  readonly store: string;
  readonly root: Descriptor;
  readonly tags: readonly string[];
}

/**
 * Adds tags to what a reference names, in the same store. Reads the manifest once, writes it once for each
 * tag, and moves no blob. Idempotent.
 * @throws OciError `invalid-reference` for a malformed tag, before anything is read or written;
 * `unsupported-operation` for an archive; whatever opening throws
 */
export async function retagReference(
  reference: Named,
  tags: readonly string[],
  options: TargetOptions = {},
): Promise<Retagged> {
  tags.forEach(parseTag);
  const location = typeof reference === "string" ? parseLocation(reference) : reference;
  const place = storeOf(location);
  const root = await withSource(location, options, (source) => source.root(options));
  const retagged = { store: formatLocation(place), root, tags };
  if (options.dryRun === true) return retagged;
  await withTarget(place, options, async ({ store }) => {
    for (const tag of tags) await store.tag(root, tag, options);
    return {};
  });
  return retagged;
}

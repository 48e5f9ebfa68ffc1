// SPDX-License-Identifier: MIT
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { copy, type CopyOptions } from "../../store/copy/copy.ts";
import type { Transfer } from "../../store/copy/transfer.ts";
import type { Referrers } from "../../store/referrers/find-referrers.ts";
import type { ContentStore, ReadableStore } from "../../store/store.ts";

export type CopyReferrersOptions = Omit<CopyOptions, "tag" | "keepRoot">;

/** Something that was copied because it refers to what was. */
export interface CopiedReferrer {
  readonly subject: Digest;
  readonly descriptor: Descriptor;
  /** Its tag, for what only a tag connects with its subject, as cosign's signatures. */
  readonly tag: string | undefined;
}

/** What {@link copyReferrers} copied. */
export interface CopiedReferrers {
  readonly referrers: readonly CopiedReferrer[];
  readonly transfers: readonly Transfer[];
}

/**
 * Copies what refers to these manifests, and what refers to that, and so on: signatures, attestations, SBOMs. A
 * layout keeps each as a root without a name, so that it is found by its subject; a registry lists it by itself.
 * cosign's keep their tags. Safe to repeat.
 * @param subjects manifests and indexes that were copied from the same store
 * @throws CopyError; what listing referrers throws: a list that can't be read is not an empty one
 */
export async function copyReferrers(
  source: ReadableStore,
  listing: Referrers,
  subjects: readonly Digest[],
  target: ContentStore,
  options: CopyReferrersOptions = {},
): Promise<CopiedReferrers> {
  const referrers: CopiedReferrer[] = [];
  const transfers: Transfer[] = [];
  const seen = new Set<Digest>(subjects);
  const pending = [...seen];
  for (let subject = pending.shift(); subject !== undefined; subject = pending.shift()) {
    const listed = (await listing.of(subject)).map((descriptor) => ({
      descriptor,
      tag: undefined,
    }));
    for (const { descriptor, tag } of [...listed, ...(await listing.tagsOf(subject))]) {
      referrers.push({ subject, descriptor, tag });
      if (tag === undefined && seen.has(descriptor.digest)) continue;
      const copied = await copy(source, rootOf(descriptor), target, { ...options, tag });
      transfers.push(...copied.transfers);
      for (const each of copied.transfers) {
        if (each.kind !== "manifest" || seen.has(each.descriptor.digest)) continue;
        seen.add(each.descriptor.digest);
        pending.push(each.descriptor.digest);
      }
    }
  }
  return { referrers, transfers };
}

/** As a root it needs no more than this: names and notes belong to the list that it came from. */
function rootOf({ mediaType, digest, size, artifactType }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(artifactType !== undefined && { artifactType }) };
}

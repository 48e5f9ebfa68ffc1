// SPDX-License-Identifier: MIT
import { basename } from "node:path";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { watchIndex } from "../repositories/index-view.ts";
import { recordedNames } from "../repositories/repositories.ts";
import { openRecords, type Recorded } from "../repositories/repository-records.ts";
import { repositoryOf } from "../repositories/root-names.ts";
import { openTags } from "../repositories/tag-store.ts";
import type { LayoutStore } from "../layout/layout.ts";
import { addReachable, type ReachOptions } from "./reachable.ts";
import { rememberedBy } from "./remembered.ts";

/** In milliseconds. How long a registry keeps a manifest without a tag: 30 days. */
export const UNTAGGED_AGE = 30 * 24 * 3600_000;

/** A manifest that no tag of its repository leads to. */
export interface UntaggedManifest extends Recorded {
  readonly repository: string;
}

/** What may go from the repositories of a layout, and what has to stay of its content. */
export interface RepositoryGarbage {
  readonly manifests: readonly UntaggedManifest[];
  /** Records of blobs that no manifest of the repository needs. */
  readonly blobs: readonly UntaggedManifest[];
  readonly wanted: ReadonlySet<Digest>;
}

export interface RepositoryGarbageOptions extends ReachOptions {
  /** In milliseconds. How long a manifest stays after its push, or after it lost its last tag. */
  readonly untaggedAge: number;
  /** In milliseconds. How long a blob stays that no manifest needs: a push sends blobs first. */
  readonly minAge: number;
}

/**
 * Finds what no tag of each repository leads to: through index, manifest and `subject`, and from a manifest
 * to its referrers. What is younger than the ages given stays, with all that it leads to. The caller holds the
 * lock.
 */
export async function findRepositoryGarbage(
  layout: LayoutStore,
  options: RepositoryGarbageOptions,
): Promise<RepositoryGarbage> {
  const manifests: UntaggedManifest[] = [];
  const blobs: UntaggedManifest[] = [];
  const wanted = new Set<Digest>();
  const now = Date.now();
  const { limits } = options;
  const own = repositoryOf(basename(layout.directory));
  const view = await watchIndex(layout, own)();
  const tags = openTags({ directory: layout.directory, own, limits });
  for (const repository of recordedNames(layout.directory)) {
    const tagged: Descriptor[] = [];
    for (const tag of tags.list(view, repository)) {
      const named = await tags.find(view, repository, tag);
      if (named !== undefined) tagged.push(named);
    }
    const kept = await keptIn(layout, repository, tagged, options);
    for (const digest of kept) wanted.add(digest);
    const records = openRecords(layout.directory, repository);
    for (const manifest of records.manifests()) {
      if (!kept.has(manifest.digest)) manifests.push({ repository, ...manifest });
    }
    for (const blob of records.blobs()) {
      const stays = kept.has(blob.digest) || now - blob.since < options.minAge;
      if (stays) wanted.add(blob.digest);
      else blobs.push({ repository, ...blob });
    }
  }
  return { manifests, blobs, wanted };
}

async function keptIn(
  layout: LayoutStore,
  repository: string,
  tagged: readonly Descriptor[],
  options: RepositoryGarbageOptions,
): Promise<ReadonlySet<Digest>> {
  const records = openRecords(layout.directory, repository);
  const roots = [...tagged];
  const add = async (digest: Digest): Promise<void> => {
    const manifest = await records.manifest(digest);
    if (manifest !== undefined) roots.push(manifest.descriptor);
  };
  for (const digest of await rememberedBy(layout, tagged, options)) await add(digest);
  const now = Date.now();
  for (const { digest, since } of records.manifests()) {
    if (now - since < options.untaggedAge) await add(digest);
  }
  const kept = new Set<Digest>();
  while (roots.length > 0) {
    const before = new Set(kept);
    await addReachable(layout, roots.splice(0), kept, options);
    for (const digest of kept) {
      if (before.has(digest)) continue;
      for (const referrer of records.referrers(digest)) await add(referrer);
    }
  }
  return kept;
}

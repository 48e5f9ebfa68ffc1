// SPDX-License-Identifier: MIT
import { isOciError } from "../../oci/errors.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { parseIndex, parseManifest } from "../../oci/documents/parse-documents.ts";
import type { Limits } from "../../oci/limits.ts";
import { childrenOf, namesContent } from "../content-graph.ts";
import { hasBlob } from "../layout/layout-blobs.ts";
import type { LayoutStore } from "../layout/layout.ts";
import { readDocumentBytes } from "../read-documents.ts";
import type { IndexView } from "./index-view.ts";
import { makePlace, timeOf, topPlace, writeMark } from "./record-files.ts";
import {
  openRecords,
  type RecordedManifest,
  type RepositoryRecords,
} from "./repository-records.ts";

// What other tools put into a layout, and what was there before it was served, has no record of a repository.
// It belongs to the repository of the tag that leads to it, and without a tag to the layout's own.

/** An entry of index.json, and a repository that it belongs to. */
export interface Claim {
  readonly repository: string;
  readonly root: Descriptor;
}

/** Written at last when a layout has been taken over for the first time. */
const MARK = "_taken-over";

/** The entries of index.json that have no record yet. */
export function claimsOf({ directory }: LayoutStore, view: IndexView, own: string): Claim[] {
  const claims: Claim[] = [];
  const claim = (repository: string, root: Descriptor): void => {
    if (!openRecords(directory, repository).hasManifest(root.digest)) {
      claims.push({ repository, root });
    }
  };
  for (const [repository, tags] of view.tags) {
    for (const { descriptor } of tags.values()) claim(repository, descriptor);
  }
  const first = timeOf(topPlace(directory), MARK) === undefined;
  const others = first && isMadeByServing(view) ? [...view.tags.keys()] : [];
  for (const root of view.unnamed) {
    for (const repository of new Set([own, ...others])) claim(repository, root);
  }
  return claims;
}

/**
 * Whether all tags have full names, as the registry writes them. Registries of earlier versions answered for
 * manifests without a tag in every repository, so they stay in all of them.
 */
function isMadeByServing({ tags }: IndexView): boolean {
  const names = [...tags.values()].flatMap((ofRepository) => [...ofRepository.values()]);
  return names.length > 0 && names.every(({ name }) => name.includes(":"));
}

/**
 * Records what these entries lead to as content of their repositories: blobs first, then manifests, children
 * before parents, so that an interrupted run is continued by the next. Idempotent. Content that is missing is
 * left out; an entry that can't be read is tried again when index.json changes. The caller holds the lock.
 */
export async function takeOver(
  layout: LayoutStore,
  claims: readonly Claim[],
  limits?: Partial<Limits>,
): Promise<void> {
  const { directory } = layout;
  for (const { repository, root } of claims) {
    const records = openRecords(directory, repository);
    const found: Found = { blobs: new Set(), manifests: [], seen: new Set() };
    try {
      await collect(layout, root, records, found, limits);
    } catch (error) {
      if (isOciError(error)) continue;
      throw error;
    }
    for (const digest of found.blobs) records.noteBlob(digest);
    await records.settle(found.blobs);
    for (const manifest of found.manifests) await records.addManifest(manifest);
  }
  makePlace(topPlace(directory));
  await writeMark(topPlace(directory), MARK);
}

interface Found {
  readonly blobs: Set<Digest>;
  readonly manifests: RecordedManifest[];
  readonly seen: Set<Digest>;
}

/** Lists what is below a manifest, children first. */
async function collect(
  layout: LayoutStore,
  descriptor: Descriptor,
  records: RepositoryRecords,
  found: Found,
  limits: Partial<Limits> | undefined,
): Promise<void> {
  const { digest } = descriptor;
  if (found.seen.has(digest) || !hasBlob(layout.directory, descriptor)) return;
  found.seen.add(digest);
  if (!namesContent(descriptor)) {
    if (!records.hasBlob(digest)) found.blobs.add(digest);
    return;
  }
  if (records.hasManifest(digest)) return;
  const bytes = await readDocumentBytes(layout, descriptor, { limits });
  for (const child of childrenOf(descriptor, bytes, limits)) {
    await collect(layout, child, records, found, limits);
  }
  const parse = isIndexType(descriptor.mediaType) ? parseIndex : parseManifest;
  const { subject } = parse(bytes, descriptor, { limits }).value;
  found.manifests.push({ descriptor, subject: subject?.digest });
}

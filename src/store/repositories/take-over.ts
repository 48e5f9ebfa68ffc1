// SPDX-License-Identifier: MIT
import { syncFilesystems } from "../../files/sync/sync-filesystems.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Limits } from "../../oci/limits.ts";
import type { LayoutStore } from "../layout/layout.ts";
import { collectBelow, type Belongings } from "./collect-below.ts";
import type { IndexView } from "./index-view.ts";
import { hasRecords, removeRecord, timeOf, topPlace, writeMark } from "./record-files.ts";
import type { RepositoryRecords } from "./repository-records.ts";

// What other tools put into a layout, and what was there before it was served, has no record of a repository.
// It belongs to the repository of the tag that leads to it, and without a tag to the layout's own.

/** Gives the records of a repository. */
export type OpenRecords = (repository: string) => RepositoryRecords;

/** Entries of index.json that have no record yet, by the repository that they belong to. */
export type Claims = ReadonlyMap<string, readonly Descriptor[]>;

/** Is there while a layout is taken over for the first time. */
const FIRST = "_taking-over";

export interface ClaimsOptions {
  readonly own: string;
  readonly records: OpenRecords;
  /** An earlier view, whose entries need not be looked at again. */
  readonly settled: IndexView | undefined;
}

/** Finds the entries of index.json without a record. */
export function claimsOf(
  { directory }: LayoutStore,
  view: IndexView,
  { own, records, settled }: ClaimsOptions,
): Claims {
  const claims = new Map<string, Descriptor[]>();
  const known = new Map<string, RepositoryRecords>();
  const claim = (repository: string, root: Descriptor): void => {
    const there = known.get(repository) ?? records(repository);
    known.set(repository, there);
    if (there.hasManifest(root.digest)) return;
    const list = claims.get(repository) ?? [];
    claims.set(repository, list);
    list.push(root);
  };
  for (const [repository, tags] of view.tags) {
    const before = settled?.tags.get(repository);
    for (const [tag, { descriptor }] of tags) {
      if (before?.get(tag)?.descriptor.digest !== descriptor.digest) claim(repository, descriptor);
    }
  }
  const others = isFirst(directory) && isMadeByServing(view) ? view.tags.keys() : [];
  const owners = new Set([own, ...others]);
  const seen = new Set(settled?.unnamed.map(({ digest }) => digest));
  for (const root of view.unnamed) {
    if (seen.has(root.digest)) continue;
    for (const repository of owners) claim(repository, root);
  }
  return claims;
}

function isFirst(directory: string): boolean {
  const top = topPlace(directory);
  return !hasRecords(top) || timeOf(top, FIRST) !== undefined;
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
 * Records what these entries lead to as content of their repositories, blobs before manifests and children
 * before parents, so that an interrupted run is continued by the next. Idempotent. Content that is missing is
 * left out; an entry that can't be read is tried again by the next process. The caller holds the lock.
 */
export async function takeOver(
  layout: LayoutStore,
  claims: Claims,
  records: OpenRecords,
  limits?: Partial<Limits>,
): Promise<void> {
  const { directory } = layout;
  const first = isFirst(directory);
  if (first) await writeMark(topPlace(directory), FIRST);
  const found: [RepositoryRecords, Belongings][] = [];
  for (const [repository, roots] of claims) {
    const there = records(repository);
    found.push([there, await collectBelow(layout, roots, there, limits)]);
  }
  for (const [there, { blobs }] of found) for (const digest of blobs) there.noteBlob(digest);
  await makeDurable(directory, () => eachOf(found, (there, { blobs }) => there.settleBlobs(blobs)));
  await addManifests(directory, found);
  if (first) await removeRecord(topPlace(directory), FIRST);
}

/** Syncs the whole file system once, which takes less time than a sync of each of many files. */
async function makeDurable(directory: string, otherwise: () => Promise<void>): Promise<boolean> {
  if (await syncFilesystems([directory])) return true;
  await otherwise();
  return false;
}

/** No record gets its name before its content is on the disk. */
async function addManifests(
  directory: string,
  found: readonly (readonly [RepositoryRecords, Belongings])[],
): Promise<void> {
  const staged = found.flatMap(([there, { manifests }]) =>
    manifests.map((manifest) => there.stageManifest(manifest)),
  );
  await makeDurable(directory, () => {
    for (const manifest of staged) manifest.sync();
    return Promise.resolve();
  });
  for (const manifest of staged) manifest.place();
  await eachOf(found, (there, { manifests }) =>
    there.settleManifests(manifests.map(({ descriptor }) => descriptor.digest)),
  );
}

async function eachOf(
  found: readonly (readonly [RepositoryRecords, Belongings])[],
  act: (there: RepositoryRecords, belongings: Belongings) => Promise<void>,
): Promise<void> {
  for (const [there, belongings] of found) await act(there, belongings);
}

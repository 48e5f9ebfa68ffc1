// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Limits } from "../../oci/limits.ts";
import { isAbandoned, stemOf } from "../../files/owned-name.ts";
import { blobPath, listBlobs, OWN_PREFIX, removeBlobs } from "../layout/layout-blobs.ts";
import { lockLayout } from "../layout/layout-roots.ts";
import { sweepTemporary, UPLOAD } from "../layout/sweep-temporary.ts";
import type { LayoutStore } from "../layout/layout.ts";
import { recordedNames } from "../repositories/repositories.ts";
import { openRecords } from "../repositories/repository-records.ts";
import { isOciError } from "../../oci/errors.ts";
import { addReachable } from "./reachable.ts";
import { rememberedBy } from "./remembered.ts";
import {
  findRepositoryGarbage,
  UNTAGGED_AGE,
  type RepositoryGarbage,
  type UntaggedManifest,
} from "./repository-garbage.ts";
import { isSuspicious, refuseSuspicious } from "./suspicious.ts";

/** Options of {@link collectGarbage}. */
export interface CollectOptions extends AbortOptions {
  /**
   * In milliseconds. A blob is removed only if it has been unreferenced for at least this long, because a
   * running copy pushes blobs before it tags them.
   */
  readonly minAge?: number | undefined;
  /**
   * In milliseconds, for a layout that was served as a registry: how long a manifest without a tag stays after
   * it was pushed or lost its last tag. Default {@link UNTAGGED_AGE}, 30 days.
   */
  readonly untaggedAge?: number | undefined;
  /**
   * The largest share of the blobs that may go at once, when ten or more would. Default 1: all of them. A
   * layout that lost its index.json looks like one of which nothing is wanted.
   */
  readonly mostShare?: number | undefined;
  /** Report what would be removed, and remove nothing. */
  readonly dryRun?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Milliseconds to wait for another process that is editing the layout. */
  readonly lockTimeout?: number | undefined;
}

/** What was removed (with `dryRun`: what would be) and what stays. */
export interface Collected {
  readonly removed: readonly Pick<Descriptor, "digest" | "size">[];
  readonly removedBytes: number;
  /** The number of blobs that stay. */
  readonly kept: number;
  /** Manifests that no longer belong to a repository, because no tag there has led to them for long. */
  readonly untagged: readonly UntaggedManifest[];
  /** Whether more than half goes, and ten blobs or more: a `mostShare` of 0.5 refuses it. */
  readonly suspicious: boolean;
}

const MIN_AGE = 3600_000;
/**
 * Removes the blobs of a layout that can't be reached from a root in `index.json` (through index, manifest,
 * config, layer or `subject`), once they are older than `minAge`. Of a layout that was served, a root is also
 * what belongs to a repository: a tag's manifest with its referrers, and a manifest without a tag until it is
 * older than `untaggedAge`. What an index with a root remembers for a rollback stays, too. Missing content is no obstacle. A manifest or record that can't be read is one:
 * nobody knows which blobs it needs, so nothing is removed. The age of each is looked at again right before it
 * goes. Removals are durable when this resolves.
 * @throws OciError `locked`; `gate-refused` when more than `mostShare` would go; any error of reading
 */
export async function collectGarbage(
  layout: LayoutStore,
  options: CollectOptions = {},
): Promise<Collected> {
  return lockLayout(
    layout.directory,
    async () => {
      const { minAge = MIN_AGE, untaggedAge = UNTAGGED_AGE, limits, signal } = options;
      const ages = { minAge, untaggedAge, limits, signal };
      const garbage = await findRepositoryGarbage(layout, ages);
      const wanted = new Set(garbage.wanted);
      const roots = await layout.capabilities.roots();
      await addReachable(
        layout,
        [...roots, ...(await findRemembered(layout, roots, options))],
        wanted,
        options,
      );
      const plan = planSweep(layout.directory, wanted, minAge, garbage);
      if (options.dryRun === true) return plan;
      const counts = { goes: plan.removed.length, stays: plan.kept };
      refuseSuspicious(layout.name, "blobs", counts, options.mostShare ?? 1);
      return carryOut(layout.directory, plan, garbage, minAge);
    },
    options,
  );
}

async function findRemembered(
  layout: LayoutStore,
  roots: readonly Descriptor[],
  options: CollectOptions,
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  for (const digest of await rememberedBy(layout, roots, options)) {
    try {
      found.push(await layout.resolve(digest, options));
    } catch (error) {
      if (!isOciError(error, "not-found")) throw error;
    }
  }
  return found;
}

/**
 * Whether a process is writing into the layout now, judging by the temporary files of blobs; or whether it is
 * served as a registry, where a push may be between two blobs. If so, recent blobs without a reference may be
 * what it just stored: only blobs older than its work may be removed.
 */
export function isBeingWritten({ directory }: LayoutStore): boolean {
  for (const _ of recordedNames(directory)) return true;
  return readdirSync(directory).some(
    (name) =>
      name.startsWith(OWN_PREFIX) &&
      (stemOf(name) !== undefined || name.startsWith(UPLOAD)) &&
      !isAbandoned(join(directory, name), MIN_AGE),
  );
}

function planSweep(
  directory: string,
  wanted: ReadonlySet<Digest>,
  minAge: number,
  { manifests }: RepositoryGarbage,
): Collected {
  const removed: Pick<Descriptor, "digest" | "size">[] = [];
  let kept = 0;
  for (const { digest } of listBlobs(directory)) {
    const size = wanted.has(digest) ? undefined : sizeOfOld(directory, digest, minAge);
    if (size === undefined) kept += 1;
    else removed.push({ digest, size });
  }
  return {
    removed,
    removedBytes: removed.reduce((sum, { size }) => sum + size, 0),
    kept,
    untagged: manifests,
    suspicious: isSuspicious(removed.length, kept),
  };
}

/** The size of a blob that is older than this; undefined for any other, and for what is not a file. */
function sizeOfOld(directory: string, digest: Digest, minAge: number): number | undefined {
  const stats = lstatSync(blobPath(directory, digest), { throwIfNoEntry: false });
  const isOld = stats?.isFile() === true && Date.now() - stats.mtimeMs >= minAge;
  return isOld ? stats.size : undefined;
}

/** Removes the records first: what is gone must not be claimed by a repository. */
async function carryOut(
  directory: string,
  plan: Collected,
  garbage: RepositoryGarbage,
  minAge: number,
): Promise<Collected> {
  for (const { repository, digest } of garbage.manifests) {
    await openRecords(directory, repository).removeManifest(digest);
  }
  for (const { repository, digest, since } of garbage.blobs) {
    await openRecords(directory, repository).removeBlob(digest, since);
  }
  const removed = plan.removed.filter(
    ({ digest }) => sizeOfOld(directory, digest, minAge) !== undefined,
  );
  await removeBlobs(
    directory,
    removed.map(({ digest }) => digest),
  );
  sweepTemporary(directory, minAge);
  return {
    ...plan,
    removed,
    removedBytes: removed.reduce((sum, { size }) => sum + size, 0),
    kept: plan.kept + plan.removed.length - removed.length,
  };
}

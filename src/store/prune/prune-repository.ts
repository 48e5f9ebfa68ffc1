// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { mapBounded } from "../../bytes/map-bounded.ts";
import type { Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import type { ListedManifest, ReadableStore, StoreCapabilities } from "../store.ts";
import { isSuspicious, refuseSuspicious } from "./suspicious.ts";
import { addReachable } from "./reachable.ts";
import { rememberedBy } from "./remembered.ts";
import { UNTAGGED_AGE } from "./repository-garbage.ts";

/** A repository that can list everything and delete. */
export interface PrunableStore extends ReadableStore {
  readonly capabilities: Required<Pick<StoreCapabilities, "tags" | "manifests" | "remove">>;
}

/** Options of {@link pruneRepository}. */
export interface PruneRepositoryOptions extends AbortOptions {
  /** In milliseconds. How long a manifest without a tag stays. Default {@link UNTAGGED_AGE}, 30 days. */
  readonly untaggedAge?: number | undefined;
  /** As for `collectGarbage`, of the manifests. Below 1, nothing goes from a repository without any tag. */
  readonly mostShare?: number | undefined;
  readonly dryRun?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** What was deleted (with `dryRun`: what would be). */
export interface PrunedRepository {
  readonly removed: readonly ListedManifest[];
  /** Manifests that would have gone, and were pushed, tagged or named by an index meanwhile. */
  readonly spared: readonly ListedManifest[];
  /** The number of manifests that stay. */
  readonly kept: number;
  /** The number of tags, all of which stay. */
  readonly tags: number;
  /** As for `collectGarbage`, or something goes and no tag is listed. */
  readonly suspicious: boolean;
}

const CONCURRENCY = 4;

/**
 * Deletes the manifests of a repository that no tag leads to: through index, manifest and `subject`, and from
 * a manifest to its referrers. Those younger than `untaggedAge` stay, and those that a tagged index remembers for a
 * rollback, with all that they lead to. Each is
 * looked up again right before it is deleted. Blobs are left to the registry.
 * @throws OciError `not-found` for an unknown repository; `unsupported-operation` when the registry does not list manifests without tags;
 * `gate-refused` when more than `mostShare` would go, or anything where no tag is listed; any error of reading a tag or manifest: then nothing is
 * deleted
 */
export async function pruneRepository(
  store: PrunableStore,
  options: PruneRepositoryOptions = {},
): Promise<PrunedRepository> {
  const { untaggedAge = UNTAGGED_AGE, signal, dryRun = false, mostShare = 1 } = options;
  const tags = await store.capabilities.tags({ signal });
  const all = await store.capabilities.manifests({ signal });
  if (all === undefined) throw cannotList(store);
  const wanted = await wantedOf(store, { tags, all }, Date.now() - untaggedAge, options);
  const garbage = all.filter(({ descriptor }) => !wanted.has(descriptor.digest));
  const kept = all.length - garbage.length;
  const isTagless = tags.length === 0 && garbage.length > 0;
  const found = { tags: tags.length, suspicious: isTagless || isSuspicious(garbage.length, kept) };
  if (dryRun) return { removed: garbage, spared: [], kept, ...found };
  if (isTagless && mostShare < 1) throw withoutTags(store, garbage.length);
  refuseSuspicious(store.name, "manifests", { goes: garbage.length, stays: kept }, mostShare);
  const removed: ListedManifest[] = [];
  const spared: ListedManifest[] = [];
  for (const manifest of garbage) {
    const { digest } = manifest.descriptor;
    const [now] = (await store.capabilities.manifests({ signal, only: digest })) ?? [];
    if (now === undefined) continue;
    const isSame = now.since === manifest.since;
    if (isSame) await store.capabilities.remove(digest, { signal });
    (isSame ? removed : spared).push(manifest);
  }
  return { removed, spared, kept: kept + spared.length, ...found };
}

async function wantedOf(
  store: PrunableStore,
  { tags, all }: { readonly tags: readonly string[]; readonly all: readonly ListedManifest[] },
  since: number,
  options: PruneRepositoryOptions,
): Promise<ReadonlySet<Digest>> {
  const resolve = (tag: string, stop: AbortSignal): ReturnType<ReadableStore["resolve"]> =>
    store.resolve(tag, { signal: stop });
  const roots = [...(await mapBounded(tags, CONCURRENCY, resolve, options))];
  const remembered = new Set(await rememberedBy(store, roots, options));
  const isWanted = (one: ListedManifest): boolean =>
    one.since > since || remembered.has(one.descriptor.digest);
  roots.push(...all.filter(isWanted).map(({ descriptor }) => descriptor));
  const wanted = new Set<Digest>();
  while (roots.length > 0) {
    await addReachable(store, roots.splice(0), wanted, options);
    for (const { descriptor, subject } of all) {
      const isReferrer = subject !== undefined && wanted.has(subject);
      if (isReferrer && !wanted.has(descriptor.digest)) roots.push(descriptor);
    }
  }
  return wanted;
}

/** A list of tags that lost its entries, as behind a broken proxy, looks like a repository that wants nothing kept. */
function withoutTags({ name }: ReadableStore, goes: number): OciError {
  return new OciError(
    "gate-refused",
    `${name}: would delete ${goes} of its manifests, expected a tag to be listed, got none`,
    {
      details: { goes },
      hint: "If the repository has no tags any more and this may go, say --most.",
    },
  );
}

function cannotList({ name }: ReadableStore): OciError {
  return new OciError(
    "unsupported-operation",
    `${name}: this registry does not list manifests without tags, so none of them can be found from here`,
    {
      hint: "Have the registry collect them itself: for distribution, registry garbage-collect --delete-untagged CONFIG where it runs.",
    },
  );
}

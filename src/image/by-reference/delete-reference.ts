// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, type OciError } from "../../oci/errors.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import { findReferrers } from "../../store/referrers/find-referrers.ts";
import { isFallbackTag } from "../../store/referrers/referrer-tags.ts";
import { readIndex } from "../../store/read-documents.ts";
import type { ReadableStore } from "../../store/store.ts";
import { formatLocation, parseLocation, storeOf, type Location } from "../location.ts";
import type { OpenOptions } from "../open-reference.ts";
import {
  deletesNothing,
  keepsAll,
  movedOn,
  namesManifest,
  namesNothing,
  readsOnly,
  tagStays,
  writtenWhole,
} from "./deletion-refused.ts";
import { taggedRootsOf, type TaggedRoot } from "./list-tags.ts";
import { withSource, type Named } from "./with-reference.ts";

export interface DeleteReferenceOptions extends OpenOptions {
  /** Delete the manifest or index with every tag that names it, instead of one tag. */
  readonly manifest?: boolean | undefined;
  /** Only find out what would go. */
  readonly dryRun?: boolean | undefined;
}

/** What was deleted, or would be in a dry run. */
export interface DeletedReference {
  /** The registry repository or the layout, as a reference. */
  readonly store: string;
  readonly deleted: "tag" | "manifest";
  /** What the reference named. */
  readonly root: Descriptor;
  /** The tags that went. */
  readonly tags: readonly string[];
  /** Of a deleted manifest: what has it as its subject, and now speaks of nothing. */
  readonly referrers: readonly Descriptor[];
  /** Of a deleted manifest: tagged indexes that still list it. */
  readonly parents: readonly TaggedRoot[];
  /** The registry deleted the manifest together with its tag, though it was asked for the tag alone. */
  readonly manifestGone: boolean;
}

/**
 * Deletes a tag of a registry or a layout and keeps what it names, or with `manifest` the manifest or index
 * itself, with all its tags. The blobs stay until the registry or `collectGarbage` sweeps them.
 * @throws OciError `invalid-argument` for a reference without a tag, or with a digest alone where a tag is to be
 * deleted; `unsupported-operation` for an archive, and for a registry that can't delete a tag alone (the hint
 * says what would go with its manifest) or deletes nothing; `not-found`
 */
export async function deleteReference(
  reference: Named,
  options: DeleteReferenceOptions = {},
): Promise<DeletedReference> {
  const location = typeof reference === "string" ? parseLocation(reference) : reference;
  if (location.kind.endsWith("-archive") || location.kind === "dir") throw writtenWhole(location);
  const place = storeOf(location);
  const named = namesOf(location);
  if (named.tag === undefined && named.digest === undefined) throw namesNothing(location);
  if (options.manifest !== true && named.tag === undefined) throw namesManifest(location);
  const where = formatLocation(place);
  const { tag, digest } = named;
  return withSource(place, options, async ({ store }) => ({
    store: where,
    ...(options.manifest === true || tag === undefined
      ? await deleteManifest(store, digest ?? tag ?? "", options)
      : await deleteTag(store, tag, digest, options)),
  }));
}

type Outcome = Omit<DeletedReference, "store">;

interface Names {
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

function namesOf(location: Location): Names {
  if (location.kind === "registry") return location.reference;
  return location.kind === "oci" ? location : {};
}

function lookUp(store: ReadableStore, name: string, options: AbortOptions): Promise<Descriptor> {
  return store.capabilities.lookUp?.(name, options) ?? store.resolve(name, options);
}

async function deleteTag(
  store: ReadableStore,
  tag: string,
  digest: Digest | undefined,
  options: DeleteReferenceOptions,
): Promise<Outcome> {
  const root = await lookUp(store, tag, options);
  if (digest !== undefined && root.digest !== digest) throw movedOn(store, tag, digest, root);
  const outcome = { deleted: "tag", root, tags: [tag], referrers: [], parents: [] } as const;
  const { untag, deletesTags } = store.capabilities;
  if (deletesTags === false) throw await staying(store, tag, root, undefined, options);
  if (options.dryRun === true) return { ...outcome, manifestGone: false };
  if (untag === undefined) throw keepsAll(store);
  try {
    await untag(tag, options);
  } catch (error) {
    if (error instanceof RegistryError && error.readsOnly) throw readsOnly(store, error);
    if (!(await isRefused(store, tag, error, options))) throw error;
    throw await staying(store, tag, root, error, options);
  }
  return { ...outcome, manifestGone: !(await store.exists(root, options)) };
}

async function staying(
  store: ReadableStore,
  tag: string,
  { digest }: Descriptor,
  cause: unknown,
  options: AbortOptions,
): Promise<OciError> {
  const same = tagsOf(await taggedRootsOf(store, options), digest);
  return tagStays(`${store.name}:${tag}`, digest, same, cause);
}

/** Whether a registry can't delete a tag alone. Some then look for a manifest of the tag's name, and find none. */
async function isRefused(
  store: ReadableStore,
  tag: string,
  error: unknown,
  options: AbortOptions,
): Promise<boolean> {
  if (!isOciError(error, "not-found")) return isOciError(error, "unsupported-operation");
  return lookUp(store, tag, options).then(
    () => true,
    () => false,
  );
}

async function deleteManifest(
  store: ReadableStore,
  name: string,
  options: DeleteReferenceOptions,
): Promise<Outcome> {
  const root = await lookUp(store, name, options);
  const { digest } = root;
  const tagged = await taggedRootsOf(store, options);
  const outcome = {
    deleted: "manifest",
    root,
    tags: tagsOf(tagged, digest),
    // What the layout has lost must not keep the rest from going.
    referrers: await findReferrers(store, digest, { ...options, skipLost: true }),
    parents: await parentsOf(store, tagged, digest, options),
    manifestGone: options.dryRun !== true,
  } as const;
  if (options.dryRun === true) return outcome;
  const { remove } = store.capabilities;
  if (remove === undefined) throw keepsAll(store);
  await remove(digest, options).catch((error: unknown) => {
    if (!(error instanceof RegistryError) || error.status !== 405) throw error;
    throw error.readsOnly ? readsOnly(store, error) : deletesNothing(store, error);
  });
  return outcome;
}

function tagsOf(tagged: readonly TaggedRoot[], digest: Digest): readonly string[] {
  return tagged.filter(({ descriptor }) => descriptor?.digest === digest).map(({ tag }) => tag);
}

/** The tagged indexes that list a manifest, but for lists of referrers: nothing is pulled through one. Indexes in them are not opened. */
async function parentsOf(
  store: ReadableStore,
  tagged: readonly TaggedRoot[],
  digest: Digest,
  options: DeleteReferenceOptions,
): Promise<readonly TaggedRoot[]> {
  const listing = new Map<Digest, boolean>();
  for (const { tag, descriptor } of tagged) {
    if (descriptor === undefined || !isIndexType(descriptor.mediaType)) continue;
    if (descriptor.digest === digest || isFallbackTag(tag)) continue;
    if (listing.has(descriptor.digest)) continue;
    listing.set(descriptor.digest, await lists(store, descriptor, digest, options));
  }
  return tagged.filter(({ descriptor }) => descriptor && listing.get(descriptor.digest) === true);
}

/** Whether an index lists a manifest. One that is not there lists nothing: it must not keep others from going. */
async function lists(
  store: ReadableStore,
  index: Descriptor,
  digest: Digest,
  options: DeleteReferenceOptions,
): Promise<boolean> {
  try {
    const { value } = await readIndex(store, index, options);
    return value.manifests.some((child) => child.digest === digest);
  } catch (error) {
    if (isOciError(error, "not-found")) return false;
    throw error;
  }
}

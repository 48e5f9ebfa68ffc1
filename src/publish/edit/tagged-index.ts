// SPDX-License-Identifier: MIT
import type { TargetOptions } from "../../image/by-reference/with-reference.ts";
import { changeIndex } from "../../image/edit/rewrite-document.ts";
import { makeIndex } from "../../image/index-document.ts";
import { formatLocation, parseLocation, storeOf, type Location } from "../../image/location.ts";
import { openTarget } from "../../image/open-reference.ts";
import { beyondDockerList } from "../../image/rewrite/docker-limits.ts";
import { isDockerType } from "../../image/rewrite/image-format.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Document } from "../../oci/documents/document.ts";
import type { ImageIndex } from "../../oci/documents/image-index.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { previousIndexes, rememberIndex } from "../../oci/index-history.ts";
import { isIndexType, MediaType } from "../../oci/media-types.ts";
import { copy, summarise, type CopySummary } from "../../store/copy/copy.ts";
import type { CopyEvent } from "../../store/copy/transfer.ts";
import { openReferrers } from "../../store/referrers/find-referrers.ts";
import { changedMeanwhile } from "../../store/changed-meanwhile.ts";
import { readIndex } from "../../store/read-documents.ts";
import type { ContentStore, ReadableStore } from "../../store/store.ts";
import { setTag } from "../set-tag.ts";
import { resolveIfThere } from "../children/gather-children.ts";

export interface EditIndexOptions extends TargetOptions {
  /** Takes an index whose document the store has lost for none, instead of failing. */
  readonly isRepair?: boolean | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: CopyEvent) => void) | undefined;
}

/** The index that a tag names, before it is edited. */
export interface TaggedIndex {
  readonly store: ContentStore;
  readonly tag: string;
  /** Undefined when there is no such tag. */
  readonly before: Descriptor | undefined;
  /** Undefined when the tag names an image, or nothing. */
  readonly document: Document<ImageIndex> | undefined;
}

/** What an index is to have. */
export interface IndexEdit {
  readonly manifests: readonly Descriptor[];
  /** Annotations of the index. Default: as they are. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Whether what the old index remembers stays as it is, because that index is broken. Default: it is remembered. */
  readonly isMended?: boolean | undefined;
  /** Whether nothing of the old index is kept. */
  readonly isNew?: boolean | undefined;
  /** Content that the index will name, with the stores that hold it. What is there already is not sent. */
  readonly contents?: readonly { readonly store: ReadableStore; readonly root: Descriptor }[];
}

/** An index that was edited, or would be in a dry run. */
export interface EditedIndex extends Pick<CopySummary, "copied" | "skipped" | "mounted"> {
  /** The store's name. */
  readonly store: string;
  readonly tag: string;
  /** What the tag named. Undefined when it was not there. */
  readonly before: Descriptor | undefined;
  readonly index: Document<ImageIndex>;
  /** False if the tag names this index already: nothing was written. */
  readonly changed: boolean;
  /** The entries that only the new index has; one that changed is in both lists. */
  readonly added: readonly Descriptor[];
  /** The entries that only the old index had. */
  readonly removed: readonly Descriptor[];
  /** What refers to the old index. It stays with that, which stays too. */
  readonly referrers: readonly Descriptor[];
}

/**
 * Edits the index under a tag: copies what the new index names, pushes it, and moves this tag and no other. The
 * tag is read again right before, and the edit is refused if it moved meanwhile. Idempotent.
 * @param edit computes the new index; it may not write
 * @throws OciError `changed-meanwhile`; `invalid-argument` for a reference without a tag; what `edit`, copying and
 *   the store throw
 */
export async function editTaggedIndex(
  reference: Location | string,
  options: EditIndexOptions,
  edit: (current: TaggedIndex) => Promise<IndexEdit>,
): Promise<EditedIndex> {
  const location = typeof reference === "string" ? parseLocation(reference) : reference;
  const tag = indexTagOf(location);
  const target = await openTarget(storeOf(location), options);
  try {
    const current = await readTaggedIndex(target.store, tag, options);
    const edited = await writeEdit(current, await edit(current), options);
    if (options.dryRun !== true) await target.close();
    return edited;
  } finally {
    await target.discard();
  }
}

/** The index under the tag, which must be there. @throws OciError `not-found`, `invalid-argument` */
export function requireIndex({ store, tag, before, document }: TaggedIndex): Document<ImageIndex> {
  if (document !== undefined) return document;
  const got = before === undefined ? "nothing" : "an image";
  throw new OciError(
    before === undefined ? "not-found" : "invalid-argument",
    `${store.name}:${tag}: expected an index, got ${got}`,
    { hint: "oci-kit manifest create makes one." },
  );
}

/**
 * The tag that a reference to an index names; a registry's default is `latest`.
 * @throws OciError `invalid-argument` for a digest, or a layout without a tag
 */
export function indexTagOf(location: Location): string {
  if (location.kind === "registry" && location.reference.digest === undefined) {
    return location.reference.tag ?? "latest";
  }
  if (location.kind === "oci" && location.tag !== undefined && location.digest === undefined) {
    return location.tag;
  }
  throw new OciError(
    "invalid-argument",
    `manifest: expected a tag to publish under, got ${JSON.stringify(formatLocation(location))}`,
    { hint: "Write host/repository:TAG, oci:DIR:TAG, or a TAG of the configured repository." },
  );
}

/** Reads the index under a tag. */
export async function readTaggedIndex(
  store: ContentStore,
  tag: string,
  options: EditIndexOptions,
): Promise<TaggedIndex> {
  const before = await resolveIfThere(store, tag, options);
  const isIndex = before !== undefined && isIndexType(before.mediaType);
  const document = isIndex ? await readIfThere(store, before, options) : undefined;
  return { store, tag, before, document };
}

async function readIfThere(
  store: ContentStore,
  descriptor: Descriptor,
  options: EditIndexOptions,
): Promise<Document<ImageIndex> | undefined> {
  try {
    return await readIndex(store, descriptor, options);
  } catch (error) {
    if (options.isRepair === true && isOciError(error, "not-found")) return undefined;
    throw error;
  }
}

async function writeEdit(
  current: TaggedIndex,
  edit: IndexEdit,
  options: EditIndexOptions,
): Promise<EditedIndex> {
  const { store, tag, before, document } = current;
  const index = makeEdited(edit.isNew === true ? undefined : document, edit);
  const { dryRun = false, signal, limits, onProgress } = options;
  const transfers = [];
  for (const { store: from, root } of edit.contents ?? []) {
    const copying = { keepRoot: false, dryRun, signal, limits, onProgress };
    transfers.push(...(await copy(from, root, store, copying)).transfers);
  }
  const changed = index.descriptor.digest !== before?.digest;
  const referrers =
    before === undefined || !changed
      ? []
      : await (await openReferrers(store, options)).of(before.digest);
  if (changed && !dryRun) await publish(current, index, referrers.length > 0, options);
  const { copied, skipped, mounted } = summarise(index.descriptor, transfers);
  return {
    store: store.name,
    ...{ tag, before, index, changed, referrers, copied, skipped, mounted },
    ...differences(document?.value.manifests ?? [], index.value.manifests),
  };
}

function makeEdited(
  document: Document<ImageIndex> | undefined,
  { manifests, annotations, isMended = false }: IndexEdit,
): Document<ImageIndex> {
  if (document === undefined) return makeIndex(manifests, { annotations });
  const before = document.value;
  const isOther = JSON.stringify(manifests) !== JSON.stringify(before.manifests);
  const after = {
    ...before,
    manifests,
    annotations: {
      ...(annotations ?? before.annotations),
      ...(isOther && !isMended && historyOf(document)),
    },
  };
  const isEmpty = Object.keys(after.annotations).length === 0;
  const isDocker =
    isDockerType(document.descriptor.mediaType) &&
    manifests.every(({ mediaType }) => isDockerType(mediaType)) &&
    beyondDockerList(after).length === 0;
  const mediaType = isDocker ? MediaType.dockerManifestList : MediaType.index;
  const isSameType = mediaType === document.descriptor.mediaType;
  return changeIndex(
    document,
    {
      ...(!isSameType && { mediaType }),
      manifests,
      annotations: isEmpty ? undefined : after.annotations,
    },
    mediaType,
  );
}

/** What an edit of an index remembers: that index, if it remembers others already, as one that was pushed does. */
function historyOf({ descriptor, value }: Document<ImageIndex>): Readonly<Record<string, string>> {
  const earlier = previousIndexes(value.annotations, descriptor.digest);
  return earlier.length === 0 ? {} : rememberIndex(descriptor.digest, earlier);
}

async function publish(
  { store, tag, before }: TaggedIndex,
  { descriptor, bytes }: Document<ImageIndex>,
  isReferredTo: boolean,
  { signal }: EditIndexOptions,
): Promise<void> {
  const now = await resolveIfThere(store, tag, { signal });
  const expected = before?.digest ?? null;
  const found = now?.digest ?? null;
  if (found !== expected) throw changedMeanwhile(`${store.name}:${tag}`, expected, found);
  await setTag(store, descriptor, tag, { signal, ifNames: expected }, bytes);
  // In a layout only a root is kept, and what refers to the old index would have lost it.
  const isKept = before !== undefined && isReferredTo && (await store.exists(before, { signal }));
  if (isKept) await store.capabilities.addRoot?.(before, { signal });
}

function differences(
  before: readonly Descriptor[],
  after: readonly Descriptor[],
): Pick<EditedIndex, "added" | "removed"> {
  const [old, fresh] = [before, after].map(
    (entries) => new Set(entries.map((entry) => JSON.stringify(entry))),
  );
  return {
    added: after.filter((entry) => !old!.has(JSON.stringify(entry))),
    removed: before.filter((entry) => !fresh!.has(JSON.stringify(entry))),
  };
}

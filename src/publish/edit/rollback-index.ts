// SPDX-License-Identifier: MIT
import { isAttestation, listImages } from "../../image/list-images.ts";
import { parseLocation, storeOf, type Location } from "../../image/location.ts";
import { openTarget } from "../../image/open-reference.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { type Digest, shortDigest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { previousIndexes } from "../../oci/index-history.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { formatPlatform, normalisePlatform } from "../../oci/platform.ts";
import { changedMeanwhile } from "../../store/changed-meanwhile.ts";
import { readIndex } from "../../store/read-documents.ts";
import type { ContentStore } from "../../store/store.ts";
import { resolveIfThere } from "../children/gather-children.ts";
import type { TagChange } from "../plan-push.ts";
import { setTag } from "../set-tag.ts";
import { architectureTag } from "../tag-names.ts";
import { findLost } from "./lost-content.ts";
import {
  indexTagOf,
  readTaggedIndex,
  type EditIndexOptions,
  type TaggedIndex,
} from "./tagged-index.ts";

export interface RollbackOptions extends EditIndexOptions {
  /** The index to go back to. Default: what the tag named last. */
  readonly to?: Digest | undefined;
  /** Further tags that may name the same index, beside those that the index records. */
  readonly aliases?: readonly string[] | undefined;
}

/** A rollback that was done, or would be in a dry run. */
export interface RolledBack {
  /** The store's name. */
  readonly store: string;
  readonly tag: string;
  readonly from: Descriptor;
  readonly to: Descriptor;
  /** The tags that were set, in this order: those of the images, the aliases, last that of the index. */
  readonly tags: readonly TagChange[];
  /** Aliases that stay, because they name something else than the tag did. */
  readonly left: readonly { readonly tag: string; readonly digest: Digest | undefined }[];
  /** Platforms of the index that the tag named which the other has not. Their own tags stay. */
  readonly dropped: readonly string[];
}

/**
 * Makes a tag name again what it named before, with its aliases and the tags of the images: one PUT a tag, and nothing
 * is sent but documents. The index keeps its digest, and so its signatures. The tag of the index is set last: when a
 * rollback is killed, the next one does the rest and goes no further back. To undo it, name the index that it left.
 * @throws OciError `not-found` when nothing is remembered; `gate-refused` when what is remembered has lost content, with
 *   what is lost in `details.lost`; `changed-meanwhile`; `invalid-argument` for an index that was never under the tag
 */
export async function rollbackIndex(
  reference: Location | string,
  options: RollbackOptions = {},
): Promise<RolledBack> {
  const location = typeof reference === "string" ? parseLocation(reference) : reference;
  const tag = indexTagOf(location);
  const target = await openTarget(storeOf(location), options);
  try {
    const current = await readTaggedIndex(target.store, tag, { ...options, isRepair: true });
    const planned = await planRollback(current, options);
    if (options.dryRun !== true) {
      await setTags(target.store, planned, options);
      await target.close();
    }
    return planned;
  } finally {
    await target.discard();
  }
}

async function planRollback(current: TaggedIndex, options: RollbackOptions): Promise<RolledBack> {
  const { store, tag, before: from } = current;
  if (from === undefined) {
    throw new OciError("not-found", `${store.name}:${tag}: expected an index, got no such tag`);
  }
  const to = await chooseIndex(current, from, options);
  const [{ images }, was] = await Promise.all([
    listImages(store, to, options),
    imagesOf(store, from, options),
  ]);
  const tags = new Map<string, TagChange>();
  for (const image of images) {
    const name = architectureTag(tag, image.platform!);
    if (tags.has(name)) continue;
    const now = await resolveIfThere(store, name, options);
    const change = { tag: name, from: now?.digest, to: image.digest };
    tags.set(name, { ...change, descriptor: image });
  }
  const { moved, left } = await findAliases(current, from, options);
  const ofIndex = [...moved, tag].map((name) => ({
    ...{ tag: name, from: from.digest, to: to.digest },
    descriptor: to,
  }));
  const names = ({ platform }: Descriptor): string => formatPlatform(normalisePlatform(platform!));
  const there = new Set(images.map(names));
  return {
    ...{ store: store.name, tag, from, to, left },
    tags: [...tags.values(), ...ofIndex].filter((change) => change.from !== change.to),
    dropped: [...new Set(was.map(names))].filter((name) => !there.has(name)),
  };
}

/** The images of the index that is left. It may be broken: that can be why one goes back. */
async function imagesOf(
  store: ContentStore,
  from: Descriptor,
  options: RollbackOptions,
): Promise<readonly Descriptor[]> {
  if (!isIndexType(from.mediaType)) return [];
  try {
    const { manifests } = (await readIndex(store, from, options)).value;
    return manifests.filter((entry) => entry.platform !== undefined && !isAttestation(entry));
  } catch (error) {
    if (isOciError(error, "not-found")) return [];
    throw error;
  }
}

async function chooseIndex(
  { store, tag, document }: TaggedIndex,
  from: Descriptor,
  options: RollbackOptions,
): Promise<Descriptor> {
  const where = `${store.name}:${tag}`;
  const history = previousIndexes(document?.value.annotations, where);
  const digest = options.to ?? history[0];
  if (digest === undefined) throw nothingRemembered(where, document !== undefined);
  const found = await resolveIfThere(store, digest, options);
  const lost = found === undefined ? [digest] : await findLost(store, found, options);
  if (found === undefined || lost.length > 0) throw gone(where, digest, lost, history);
  const isKnown = digest === from.digest || history.includes(digest);
  if (!isKnown && document !== undefined) await checkUndone(store, found, from, options);
  return found;
}

/** An index that the tag does not remember is one that a rollback left: then it remembers where the tag is now. */
async function checkUndone(
  store: ContentStore,
  index: Descriptor,
  now: Descriptor,
  options: RollbackOptions,
): Promise<void> {
  const { annotations } = isIndexType(index.mediaType)
    ? (await readIndex(store, index, options)).value
    : {};
  if (previousIndexes(annotations, index.digest).includes(now.digest)) return;
  throw new OciError(
    "invalid-argument",
    `--to ${index.digest}: expected an index that this tag named before, got another: neither remembers the other`,
    { hint: "oci-kit retag makes a tag name anything." },
  );
}

async function findAliases(
  { store, tag, document }: TaggedIndex,
  from: Descriptor,
  options: RollbackOptions,
): Promise<{ moved: string[]; left: RolledBack["left"] }> {
  const recorded = document?.value.annotations?.[AnnotationKey.indexAliases]?.split(",") ?? [];
  const moved: string[] = [];
  const left: { tag: string; digest: Digest | undefined }[] = [];
  for (const alias of new Set([...recorded, ...(options.aliases ?? [])])) {
    if (alias === tag) continue;
    const now = await resolveIfThere(store, alias, options);
    if (now?.digest === from.digest) moved.push(alias);
    else left.push({ tag: alias, digest: now?.digest });
  }
  return { moved, left };
}

async function setTags(
  store: ContentStore,
  { tags }: RolledBack,
  { signal }: RollbackOptions,
): Promise<void> {
  for (const { tag, from, descriptor } of tags) {
    const now = await resolveIfThere(store, tag, { signal });
    if (now?.digest === descriptor.digest) continue;
    const [ifNames, found] = [from ?? null, now?.digest ?? null];
    if (found !== ifNames) throw changedMeanwhile(`${store.name}:${tag}`, ifNames, found);
    await setTag(store, descriptor, tag, { signal, ifNames });
  }
}

function nothingRemembered(where: string, isIndex: boolean): OciError {
  return new OciError(
    "not-found",
    `${where}: expected an index that remembers what the tag named before, got ${isIndex ? "one that remembers nothing" : "none that can be read"}`,
    {
      hint: "manifest push and repair record it. Name the index to go back to: --to sha256:DIGEST",
    },
  );
}

function gone(
  where: string,
  digest: Digest,
  lost: readonly Digest[],
  history: readonly Digest[],
): OciError {
  const others = history.filter((other) => other !== digest);
  const what = lost.map((one) => (one === digest ? "the index itself" : shortDigest(one)));
  return new OciError(
    "gate-refused",
    `${where}: not rolled back: ${digest} is not whole any more: lost: ${what.join(", ")}`,
    {
      details: { digest, lost },
      hint:
        others.length === 0
          ? "Nothing else is remembered. Assemble and push the images again."
          : `It remembers others, too: ${others.map((other) => `--to ${other}`).join(", ")}`,
    },
  );
}

// SPDX-License-Identifier: MIT
import { mapBounded } from "../../bytes/map-bounded.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { findRoot } from "../../store/layout/root-entries.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { OpenOptions } from "../open-reference.ts";
import { withSource, type Named } from "./with-reference.ts";

/** The tags of a store. */
export interface TagList {
  /** The store's name. */
  readonly store: string;
  /** In sorted order. */
  readonly tags: readonly string[];
}

/** A tag with what it names; undefined when the store lists the tag and has nothing under it. */
export interface TaggedRoot {
  readonly tag: string;
  readonly descriptor: Descriptor | undefined;
}

/** Tags with what they name. */
export interface TaggedRootList {
  /** The store's name. */
  readonly store: string;
  /** In the order of the tags. */
  readonly roots: readonly TaggedRoot[];
}

const CONCURRENCY = 8;

/**
 * Lists the tags of the repository, layout or archive that a reference points into.
 * @throws OciError `unsupported-operation` for a store that can't list tags; whatever opening throws
 */
export function listTags(reference: Named, options: OpenOptions = {}): Promise<TagList> {
  return withSource(reference, options, async ({ store }) => ({
    store: store.name,
    tags: await tagsOf(store, options),
  }));
}

/**
 * Lists the tags with what each names: a HEAD for each tag of a registry, eight at a time.
 * @throws as {@link listTags}
 */
export function listTaggedRoots(
  reference: Named,
  options: OpenOptions = {},
): Promise<TaggedRootList> {
  return withSource(reference, options, async ({ store }) => ({
    store: store.name,
    roots: await taggedRootsOf(store, options),
  }));
}

/** What each tag of a store names. @throws as {@link listTags} */
export async function taggedRootsOf(
  store: ReadableStore,
  options: AbortOptions,
): Promise<readonly TaggedRoot[]> {
  const { roots, lookUp } = store.capabilities;
  const tags = await tagsOf(store, options);
  if (roots !== undefined) {
    const entries = await roots(options);
    const named = byName(entries);
    return tags.map((tag) => ({
      tag,
      // Of an exact name there is no need to look at all others.
      descriptor: findRoot(named.get(tag) ?? entries, tag, store.name),
    }));
  }
  const find = lookUp ?? ((tag, abort) => store.resolve(tag, abort));
  return mapBounded(
    tags,
    CONCURRENCY,
    async (tag, signal) => {
      const descriptor = await find(tag, { signal }).catch((error: unknown) => {
        if (isOciError(error, "not-found")) return undefined;
        throw error;
      });
      return { tag, descriptor };
    },
    options,
  );
}

function byName(entries: readonly Descriptor[]): ReadonlyMap<string, readonly Descriptor[]> {
  const named = new Map<string, Descriptor[]>();
  for (const entry of entries) {
    const name = entry.annotations?.[AnnotationKey.refName];
    if (name === undefined) continue;
    const same = named.get(name);
    if (same === undefined) named.set(name, [entry]);
    else same.push(entry);
  }
  return named;
}

function tagsOf(store: ReadableStore, options: AbortOptions): Promise<readonly string[]> {
  const list = store.capabilities.tags;
  if (list === undefined) {
    throw new OciError("unsupported-operation", `${store.name}: it can't list its tags`);
  }
  return list(options);
}

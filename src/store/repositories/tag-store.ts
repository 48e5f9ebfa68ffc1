// SPDX-License-Identifier: MIT
import { closeSync } from "node:fs";
import { readAll } from "../../bytes/streams/read-all.ts";
import { openRegularFile, readFileBytes } from "../../files/regular-file.ts";
import { replaceDurably } from "../../files/replace-durably.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseDescriptor } from "../../oci/documents/parse-documents.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { formatJson, parseJson } from "../../oci/json.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import { OWN_PREFIX } from "../layout/layout-blobs.ts";
import { changeLayoutIndex } from "../layout/layout-index.ts";
import type { IndexView } from "./index-view.ts";
import {
  makePlace,
  namesIn,
  pathOf,
  placeOf,
  removeRecord,
  timeOf,
  type RecordPlace,
} from "./record-files.ts";
import { formatRootName, parseRootName } from "./root-names.ts";

// A tag is an entry of index.json while that has room, so that other tools see it, and otherwise a file of its
// repository, `repositories/<name>/_tags/<tag>`, with the descriptor. It is never both: if another tool adds
// an entry for a tag that is a file, the entry counts, because it is newer.

/**
 * How many entries of index.json the registry fills. Each push of a tag rewrites that file, and a reader
 * refuses it with more than `children` entries; tags beyond that are files, of which any number may be.
 */
export const INDEXED_TAGS = 1_000;
const RECORD_BYTES = 64 * 1024;
const STEM = `${OWN_PREFIX}tag`;

/** Where tags are kept. */
export interface TagStoreOptions {
  readonly directory: string;
  /** The repository of entries with bare names. */
  readonly own: string;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * The tags of the repositories of a layout. Edits are durable when they resolve; their caller holds the lock
 * of the layout, and gives the view of index.json as it is under that lock.
 */
export interface TagStore {
  find(view: IndexView, repository: string, tag: string): Promise<Descriptor | undefined>;
  /** All tags of a repository, sorted. */
  list(view: IndexView, repository: string): readonly string[];
  /** Makes tags name a manifest that the layout holds, all those in index.json at once. */
  set(view: IndexView, repository: string, tags: readonly string[], to: Descriptor): Promise<void>;
  remove(view: IndexView, repository: string, tag: string): Promise<void>;
  /** Removes all tags of a repository that name this digest; in its own, also entries without a tag. */
  removeNaming(view: IndexView, repository: string, digest: Digest): Promise<void>;
}

/** Opens the tags of a layout. */
export function openTags({ directory, own, limits }: TagStoreOptions): TagStore {
  const room = Math.min(INDEXED_TAGS, withLimits(limits).children);
  const changeIndex = (
    change: (entries: readonly Descriptor[]) => readonly Descriptor[],
  ): Promise<void> => changeLayoutIndex(directory, change, limits);
  const place = (repository: string): RecordPlace => placeOf(directory, repository, "_tags");
  const isTag = (entry: Descriptor, repository: string, tag?: string): boolean => {
    const named = nameOf(entry, own);
    return named?.repository === repository && (tag === undefined || named.tag === tag);
  };
  const filed = (repository: string): string[] =>
    namesIn(place(repository)).filter((name) => !name.startsWith("."));

  return {
    find: async (view, repository, tag) => {
      const indexed = view.tags.get(repository)?.get(tag)?.descriptor;
      return indexed ?? readTag(place(repository), tag);
    },
    list: (view, repository) => {
      const indexed = view.tags.get(repository)?.keys() ?? [];
      return [...new Set([...indexed, ...filed(repository)])].sort();
    },
    set: async (view, repository, tags, descriptor) => {
      const isIndexed = (tag: string): boolean => view.tags.get(repository)?.has(tag) === true;
      const free = Math.max(0, room - view.count);
      const fresh = tags.filter((tag) => !isIndexed(tag));
      const beyond = new Set(fresh.slice(free));
      const indexed = tags.filter((tag) => !beyond.has(tag));
      if (indexed.length > 0) {
        await changeIndex((entries) =>
          indexed.reduce((list, tag) => {
            const there = list.filter((entry) => isTag(entry, repository, tag));
            return withTag(list, descriptor, there, formatRootName({ repository, tag }));
          }, entries),
        );
      }
      for (const tag of beyond) writeTag(place(repository), tag, descriptor);
      for (const tag of indexed) await removeRecord(place(repository), tag);
    },
    remove: async (view, repository, tag) => {
      if (view.tags.get(repository)?.has(tag) === true) {
        await changeIndex((entries) => without(entries, (entry) => isTag(entry, repository, tag)));
      }
      await removeRecord(place(repository), tag);
    },
    removeNaming: async (view, repository, digest) => {
      const goes = (entry: Descriptor): boolean =>
        entry.digest === digest &&
        (isTag(entry, repository) || (repository === own && nameOf(entry, own) === undefined));
      const isNamed = [...(view.tags.get(repository)?.values() ?? [])].some(
        ({ descriptor }) => descriptor.digest === digest,
      );
      if (isNamed || repository === own) {
        await changeIndex((entries) => without(entries, goes));
      }
      for (const tag of filed(repository)) {
        const named = await readTag(place(repository), tag);
        if (named?.digest === digest) await removeRecord(place(repository), tag);
      }
    },
  };
}

function nameOf(entry: Descriptor, own: string): ReturnType<typeof parseRootName> {
  const name = entry.annotations?.[AnnotationKey.refName];
  return name === undefined ? undefined : parseRootName(name, own);
}

/** Moves a tag under the names that it has already, its bare one too; a new tag gets its full name. */
function withTag(
  entries: readonly Descriptor[],
  { mediaType, digest, size }: Descriptor,
  there: readonly Descriptor[],
  fullName: string,
): readonly Descriptor[] {
  if (there.length > 0 && there.every((entry) => entry.digest === digest)) return entries;
  const names = there.map((entry) => entry.annotations?.[AnnotationKey.refName]);
  const added = [...new Set(names.length === 0 ? [fullName] : names)].map((name = fullName) => ({
    mediaType,
    digest,
    size,
    annotations: { [AnnotationKey.refName]: name },
  }));
  return [...entries.filter((entry) => !there.includes(entry)), ...added];
}

function without(
  entries: readonly Descriptor[],
  goes: (entry: Descriptor) => boolean,
): readonly Descriptor[] {
  return entries.some(goes) ? entries.filter((entry) => !goes(entry)) : entries;
}

function writeTag(place: RecordPlace, tag: string, descriptor: Descriptor): void {
  const { mediaType, digest, size } = descriptor;
  replaceDurably(makePlace(place), tag, formatJson({ mediaType, digest, size }), { stem: STEM });
}

/**
 * What a tag that is a file names; undefined when there is no such file.
 * @throws OciError `invalid-descriptor`, `invalid-json`, `invalid-layout` when the file is damaged
 */
export async function readTag(place: RecordPlace, tag: string): Promise<Descriptor | undefined> {
  if (timeOf(place, tag) === undefined) return undefined;
  const path = pathOf(place, tag);
  const { fd } = openRegularFile(path, "invalid-layout");
  try {
    const bytes = await readAll(readFileBytes(fd), RECORD_BYTES, path);
    return parseDescriptor(parseJson(bytes, { what: path }), path);
  } finally {
    closeSync(fd);
  }
}

// SPDX-License-Identifier: MIT
import { lstatSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Limits } from "../../oci/limits.ts";
import { lockLayout } from "../layout/layout-roots.ts";
import type { LayoutStore } from "../layout/layout.ts";
import { overlayRecords, type OverlayRecords } from "./overlay-records.ts";
import { collectBelow } from "./collect-below.ts";
import { watchIndex, type IndexView } from "./index-view.ts";
import {
  hasRecords,
  namesIn,
  pathOf,
  placeOf,
  topPlace,
  type RecordPlace,
} from "./record-files.ts";
import type { RecordedManifest } from "./manifest-record.ts";
import { openRecords, type RepositoryRecords } from "./repository-records.ts";
import { repositoryOf } from "./root-names.ts";
import { openTags } from "./tag-store.ts";
import { claimsOf, takeOver, type Claims } from "./take-over.ts";

/**
 * The repositories of a layout. Content belongs to those that it was pushed or mounted to, or whose tags lead
 * to it; its bytes are stored once. The records of that are small files below `repositories/`, beside the
 * blobs: other tools see an ordinary layout, and a copy of the directory is complete.
 */
export interface Repositories {
  /** The repository of tags and manifests that name none: it is called as the directory. */
  readonly own: string;
  /**
   * A repository, which need not exist yet. What other tools have put into the layout is taken over first.
   * @param name a valid repository name
   */
  open(name: string): Promise<Repository>;
  /** The names of those that have tags or manifests, sorted. */
  names(): Promise<readonly string[]>;
  /**
   * Does work while no other edits tags or collects garbage. Not re-entrant: `open` the repository before.
   * @throws OciError `locked`
   */
  edit<T>(work: () => Promise<T>): Promise<T>;
}

/** One repository. Changes are durable when they resolve. */
export interface Repository extends RepositoryRecords {
  readonly name: string;
  /** Whether anything was ever tagged, pushed or mounted there. */
  exists(): Promise<boolean>;
  tag(tag: string): Promise<Descriptor | undefined>;
  /** All tags, sorted. */
  tags(): Promise<readonly string[]>;
  /** Makes tags name a manifest that belongs here. Only within {@link Repositories.edit}. */
  setTags(tags: readonly string[], manifest: RecordedManifest): Promise<void>;
  /** Removes a tag; its manifest stays. Only within {@link Repositories.edit}. */
  removeTag(tag: string): Promise<void>;
  /** Removes a manifest and all its tags. Only within {@link Repositories.edit}. */
  removeManifest(digest: Digest): Promise<boolean>;
}

/** Options of {@link openRepositories}. */
export interface RepositoriesOptions {
  readonly limits?: Partial<Limits> | undefined;
  readonly lockTimeout?: number | undefined;
  /** Nothing is written: what other tools have put into the layout is taken over in memory. */
  readonly readOnly?: boolean | undefined;
}

/** Opens the repositories of a layout. Nothing is kept open. */
export function openRepositories(
  layout: LayoutStore,
  options: RepositoriesOptions & AbortOptions = {},
): Repositories {
  const { directory } = layout;
  const own = repositoryOf(basename(directory));
  const view = watchIndex(layout, own);
  let settled: IndexView | undefined;
  let running: Promise<void> | undefined;
  const overlays = new Map<string, OverlayRecords>();
  // Kept only of names in the layout: clients may ask for any number of others.
  const overlay = (name: string): OverlayRecords =>
    overlays.get(name) ?? overlayRecords(openRecords(directory, name));
  const records = (name: string): RepositoryRecords =>
    options.readOnly === true ? overlay(name) : openRecords(directory, name);

  const edit = <T>(work: () => Promise<T>): Promise<T> => lockLayout(directory, work, options);
  const claims = async (): Promise<Claims> =>
    claimsOf(layout, await view(), { own, records, settled });
  const take = async (): Promise<void> => takeOver(layout, await claims(), records, options.limits);
  const note = async (): Promise<void> => {
    for (const [name, roots] of await claims()) {
      const there = overlay(name);
      overlays.set(name, there);
      there.note(await collectBelow(layout, roots, there, options.limits));
    }
  };
  const settle = async (): Promise<void> => {
    const seen = await view();
    if (seen === settled) return;
    if ((await claims()).size > 0) {
      // Under the lock, and from what index.json says then: what was deleted meanwhile must not come back.
      await (options.readOnly === true ? note() : edit(take));
    }
    settled = seen;
  };
  const settleTogether = async (): Promise<void> => {
    // One that runs already may have read index.json before it was last changed.
    await running?.catch(() => undefined);
    await (running ??= settle().finally(() => (running = undefined)));
  };

  return {
    own,
    edit,
    open: async (name) => {
      await settleTogether();
      return openRepository(directory, name, { records: records(name), own, view, ...options });
    },
    names: async () => {
      const names = new Set((await view()).tags.keys());
      for (const name of recordedNames(directory)) {
        const isTagged = hasRecords(placeOf(directory, name, "_tags"));
        if (isTagged || records(name).hasManifests()) names.add(name);
      }
      for (const name of overlays.keys()) names.add(name);
      return [...names].sort();
    },
  };
}

interface Shared {
  readonly own: string;
  readonly view: () => Promise<IndexView>;
  readonly records: RepositoryRecords;
  readonly limits?: Partial<Limits> | undefined;
}

function openRepository(
  directory: string,
  name: string,
  { view, own, records, limits }: Shared,
): Repository {
  const tags = openTags({ directory, own, limits });
  const find = async (tag: string): Promise<Descriptor | undefined> =>
    tags.find(await view(), name, tag);
  /** A manifest that loses a tag is kept for some time from then on. */
  const renew = async (descriptor: Descriptor | undefined): Promise<void> => {
    if (descriptor === undefined) return;
    const known = await records.manifest(descriptor.digest);
    if (known !== undefined) await records.addManifest(known);
  };
  return {
    ...records,
    name,
    exists: async () => (await view()).tags.has(name) || isRecorded(placeOf(directory, name)),
    tag: find,
    tags: async () => tags.list(await view(), name),
    setTags: async (names, manifest) => {
      const { descriptor } = manifest;
      for (const tag of names) {
        const before = await find(tag);
        if (before?.digest !== descriptor.digest) await renew(before);
      }
      await tags.set(await view(), name, names, descriptor);
    },
    removeTag: async (tag) => {
      await renew(await find(tag));
      await tags.remove(await view(), name, tag);
    },
    removeManifest: async (digest) => {
      await tags.removeNaming(await view(), name, digest);
      return records.removeManifest(digest);
    },
  };
}

/** The names of all repositories that have a directory of records. */
export function* recordedNames(directory: string): Iterable<string> {
  yield* below(directory, topPlace(directory), "");
}

function* below(directory: string, place: RecordPlace, name: string): Iterable<string> {
  const parts = namesIn(place);
  if (isRecorded(place)) yield name;
  for (const part of parts) {
    if (!/^[a-z0-9]/.test(part)) continue;
    const inner = { layout: directory, parts: [...place.parts, part] };
    if (!lstatSync(join(pathOf(inner))).isDirectory()) continue;
    yield* below(directory, inner, name === "" ? part : `${name}/${part}`);
  }
}

/** Whether a place is that of a repository, not only of those below it. */
function isRecorded({ layout, parts }: RecordPlace): boolean {
  return ["_blobs", "_manifests", "_tags"].some(
    (kind) => statSync(join(layout, ...parts, kind), { throwIfNoEntry: false }) !== undefined,
  );
}

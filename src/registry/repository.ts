// SPDX-License-Identifier: MIT
import { knownAlgorithm } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { parseReference, parseRepository, parseTag, type Reference } from "../oci/reference.ts";
import { defaultJournalDirectory, defaultSpoolDirectory } from "../store/cache-directory.ts";
import { readContent } from "../store/read-content.ts";
import type { ContentStore, ReadableStore, StoreCapabilities } from "../store/store.ts";
import { knownHabits, type GivenHabits } from "./habits/known-habits.ts";
import { openUploadJournal, type UploadJournal } from "./journal/upload-journal.ts";
import { openBlob } from "./open-blob.ts";
import { isDocumentType } from "./repository-context.ts";
import type { RepositoryContext } from "./repository-context.ts";
import { openAssumed } from "./documents/assumed.ts";
import { openManifests } from "./documents/manifests.ts";
import { openPresence } from "./documents/presence.ts";
import { removeContent, removeTag } from "./documents/remove-content.ts";
import { listTags } from "./lists/list-tags.ts";
import { openReferrers } from "./referrers/referrers.ts";
import { listManifests } from "./lists/list-manifests.ts";
import type { RegistryRules } from "./machine/registry-rules.ts";
import type { TransportOptions } from "./registry-options.ts";
import { openTransport } from "./transport/transport.ts";
import type { Transport } from "./transport/transport.ts";
import { refuseTooLarge } from "./upload/blob-limits.ts";
import { openBlobPushes } from "./upload/push-blob.ts";
import { registryUploads } from "./upload/registry-upload.ts";
import { spool } from "./upload/spool.ts";

/** What {@link openRepository} takes. */
export interface RegistryOptions extends TransportOptions {
  /**
   * Connections, tokens and limits shared with other repositories of the same registry. The transport's own
   * options apply; those given beside it are ignored.
   */
  readonly transport?: Transport | undefined;
  /** Where content is kept while its size and digest are still unknown. Default: the cache directory. */
  readonly spoolDirectory?: string | undefined;
  /**
   * Where uploads that are not ended are recorded, so that the next run goes on with them. Default: `uploads` in the
   * cache directory. False: nowhere.
   */
  readonly journalDirectory?: string | false | undefined;
  /**
   * What is known of registries beyond `KNOWN_HABITS`. The first entry that fits the host counts. Default: the
   * user's file, see `readHabitsFile`.
   */
  readonly habits?: GivenHabits | undefined;
  /**
   * Where references are really to be found, and their mirrors: heeded by what opens a reference
   * (`openByRules`, `openReference`, `openTarget`). {@link openRepository} opens exactly what it is given.
   * Default: this machine's `registries.conf`.
   */
  readonly rules?: RegistryRules | (() => Promise<RegistryRules>) | undefined;
  /** Told when a mirror failed and the next place is asked, once for each mirror and kind of error. Never awaited. */
  readonly onMirrorFailed?: ((event: MirrorFailed) => void) | undefined;
  /**
   * Told how many bytes a second the line to the registry takes, as uploads measure it: again after each upload, once
   * so much was sent that it says something of the line. The registry is the one that was named, wherever the rules
   * say that it is. Never awaited.
   */
  readonly onUploadRate?: ((rate: number, registry: string) => void) | undefined;
}

/** A mirror that could not give what it was asked for. */
export interface MirrorFailed {
  readonly kind: "mirror-failed";
  /** Its repository: `mirror.example/a/b`. */
  readonly mirror: string;
  readonly error: OciError;
}

/** What a registry's repository can do beyond a plain store. */
export type RepositoryStore = ContentStore & {
  readonly capabilities: StoreCapabilities &
    Required<
      Pick<
        StoreCapabilities,
        "uploads" | "tags" | "manifests" | "lookUp" | "mount" | "untag" | "remove" | "referrers"
      >
    >;
};

/** Undefined for what is no reference, or one to another registry. */
function parseSibling(text: string, registry: string): Reference | undefined {
  try {
    const reference = parseReference(text);
    return reference.registry === registry ? reference : undefined;
  } catch {
    return undefined;
  }
}

function journalIn(directory: string | false): UploadJournal | undefined {
  return directory === false ? undefined : openUploadJournal(directory);
}

/** Of the repositories opened here, and of what is read from several, so that a mount can find out where its source is. */
const CONTEXTS = new WeakMap<object, readonly RepositoryContext[]>();

/** Lets the content of a store that is read from these repositories be mounted from each, in this order. */
export function mountFrom(store: ReadableStore, places: readonly RepositoryStore[]): void {
  CONTEXTS.set(
    store,
    places.flatMap((place) => CONTEXTS.get(place) ?? []),
  );
}

/**
 * A repository as a content store over HTTP (distribution-spec 1.1). Nothing is sent before the first
 * operation, and there is nothing to close: idle connections do not keep a process alive.
 *
 * Content is exchanged only with the registry named, and with the places to which it redirects downloads.
 * Credentials are sent only to the registry and to the token endpoint that it names. Every method may throw a
 * `RegistryError`.
 * @throws OciError `invalid-reference`; `invalid-config`, `unreadable` for the user's file of habits
 */
export function openRepository(
  where: { readonly registry: string; readonly repository: string },
  options: RegistryOptions = {},
): RepositoryStore {
  const repository = parseRepository(where.repository);
  const transport = options.transport ?? openTransport(where.registry, options);
  if (transport.registry !== where.registry) {
    throw new OciError(
      "invalid-argument",
      `transport: expected one of ${where.registry}, got one of ${transport.registry}`,
    );
  }
  const habits = knownHabits(where.registry, options.habits);
  const context: RepositoryContext = {
    transport,
    repository,
    name: `${where.registry}/${repository}`,
    habits,
    learned: { checksManifests: habits.checksManifests ?? false },
    onUploadRate: (rate) => options.onUploadRate?.(rate, where.registry),
    journal: journalIn(options.journalDirectory ?? defaultJournalDirectory()),
  };
  const { exists, isWanted } = openPresence(context);
  const assumed = openAssumed(context, exists);
  const manifests = openManifests(context, {
    storing: (store, abort) => assumed.storing(store, abort),
    onStored: (stored, abort) => referrers.record(stored, abort),
  });
  const referrers = openReferrers(context, manifests);
  const pushes = openBlobPushes(context, exists);
  const push: ContentStore["push"] = async (descriptor, source, abort = {}) => {
    if (isDocumentType(descriptor.mediaType)) {
      await manifests.push(descriptor, source, abort);
    } else if (await isWanted(descriptor, abort)) {
      await pushes.push(descriptor, source, abort);
      assumed.sent(descriptor.digest);
    }
  };

  const store: RepositoryStore = {
    name: context.name,
    ...readContent(
      ({ digest }) => `${context.name}@${digest}`,
      (descriptor, part, abort) =>
        isDocumentType(descriptor.mediaType)
          ? manifests.open(descriptor, part, abort)
          : openBlob(context, descriptor, part, abort),
    ),
    exists,
    resolve: (reference, abort) => manifests.resolve(reference, abort),
    push,
    ingest: async (mediaType, bytes, abort) => {
      const below = options.spoolDirectory ?? defaultSpoolDirectory();
      const spooled = await spool(mediaType, bytes, below);
      const { descriptor, source } = spooled;
      try {
        if (isDocumentType(mediaType)) await manifests.push(descriptor, source, abort);
        else if (await isWanted(descriptor, abort)) {
          await pushes.push(descriptor, source, { ...abort, isHashed: true });
          assumed.sent(descriptor.digest);
        }
      } finally {
        await spooled.close();
      }
      return descriptor;
    },
    tag: (descriptor, tag, abort) => manifests.tag(descriptor, parseTag(tag), abort),
    capabilities: {
      checkSize: (descriptor) => refuseTooLarge(context, descriptor),
      uploads: registryUploads(context),
      pushTagged: async (descriptor, source, tag, abort) => {
        const as = parseTag(tag);
        if (knownAlgorithm(descriptor.digest) === "sha256") {
          return manifests.push(descriptor, source, { ...abort, as });
        }
        // What comes under a tag is stored under its sha256 alone.
        await manifests.push(descriptor, source, { signal: abort?.signal });
        await manifests.tag(descriptor, as, abort);
      },
      tags: (abort) => listTags(context, abort),
      manifests: (options) => listManifests(context, options),
      mount: async (descriptor, from, abort) => {
        if (isDocumentType(descriptor.mediaType)) return false;
        const { host } = transport.origin;
        for (const source of CONTEXTS.get(from) ?? []) {
          const isHere = source.transport.origin.host === host;
          if (!isHere || source.repository === repository) continue;
          if (await pushes.mount(descriptor, source.repository, abort)) return true;
        }
        return false;
      },
      mountsFrom: (from) =>
        context.habits.mounts &&
        (CONTEXTS.get(from) ?? []).some(
          (source) =>
            source.transport.origin.host === transport.origin.host &&
            source.repository !== repository,
        ),
      assume: (descriptor, from) => {
        const [source, ...others] = CONTEXTS.get(from) ?? [];
        const isHere =
          others.length === 0 &&
          source?.repository === repository &&
          source.transport.origin.host === transport.origin.host;
        // What is published elsewhere (`urls`) may be missing anywhere.
        if (!isHere || isDocumentType(descriptor.mediaType) || descriptor.urls) return false;
        assumed.add(descriptor);
        return true;
      },
      sibling: (reference) => {
        const other = parseSibling(reference, where.registry);
        if (other === undefined || other.repository === repository) return undefined;
        return openRepository(other, { ...options, transport });
      },
      deletesTags: context.habits.deletesTags,
      untag: (tag, abort) => removeTag(context, parseTag(tag), abort),
      remove: async (digest, abort = {}) => {
        const listed = await referrers.findListed(digest, abort);
        manifests.forget(digest);
        await removeContent(context, digest, abort);
        if (listed !== undefined) await referrers.strike(listed, abort);
      },
      lookUp: (reference, abort) => manifests.lookUp(reference, abort),
      referrers: (subject, artifactType, abort = {}) =>
        referrers.list(subject, artifactType, abort),
    },
  };
  CONTEXTS.set(store, [context]);
  return store;
}

// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError } from "../../oci/errors.ts";
import { describeReferrer, type Referrer } from "../../store/referrers/describe-referrer.ts";
import type { Manifests, StoredManifest } from "../documents/manifests.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { member, tryParseJson } from "../wire/loose-json.ts";
import { parseKnownDigest } from "../wire/paths.ts";
import { askReferrers, listsReferrer } from "./ask-referrers.ts";
import { editFallback } from "./edit-fallback.ts";
import { readFallback } from "./fallback-list.ts";

/** What refers to the manifests of one repository, whoever keeps the lists of that: the registry or its clients. */
export interface Referrers {
  /** The manifests whose `subject` is this one, of one kind if it is given. */
  list(
    subject: Digest,
    artifactType: string | undefined,
    options: AbortOptions,
  ): Promise<readonly Descriptor[]>;
  /** Lists a manifest that was pushed under its subject, unless the registry does. Idempotent. */
  record(stored: StoredManifest, options: AbortOptions): Promise<void>;
  /** What a manifest speaks of, if clients keep that list; to be asked before the manifest is removed. */
  findListed(digest: Digest, options: AbortOptions): Promise<Referrer | undefined>;
  /** Takes a removed manifest off the list. Idempotent. */
  strike(referrer: Referrer, options: AbortOptions): Promise<void>;
}

/** Opens the referrers of a repository. */
export function openReferrers(context: RepositoryContext, manifests: Manifests): Referrers {
  const { limits } = context.transport;
  const turns = new Map<Digest, Promise<void>>();

  /** Edits of one list wait for each other: a copy pushes several referrers at a time. */
  const inTurn = (subject: Digest, work: () => Promise<void>): Promise<void> => {
    const done = (turns.get(subject) ?? Promise.resolve()).catch(() => undefined).then(work);
    turns.set(subject, done);
    return done;
  };

  const describeStored = async (
    descriptor: Descriptor,
    options: AbortOptions,
  ): Promise<Referrer | undefined> =>
    describeReferrer(descriptor, await manifests.read(descriptor, options), limits);

  /** A referrer with its kind. Undefined for an entry of a fallback list that speaks of something else, or is gone. */
  const complete = async (
    descriptor: Descriptor,
    subject: Digest,
    options: AbortOptions,
  ): Promise<Descriptor | undefined> => {
    if (descriptor.artifactType !== undefined) return descriptor;
    try {
      const referrer = await describeStored(descriptor, options);
      return referrer?.subject === subject ? { ...referrer.descriptor, ...descriptor } : undefined;
    } catch (error) {
      if (isOciError(error, "not-found")) return undefined;
      throw error;
    }
  };

  const listAll = async (
    subject: Digest,
    artifactType: string | undefined,
    options: AbortOptions,
  ): Promise<readonly Descriptor[]> => {
    const asked = await askReferrers(context, subject, artifactType, options);
    if (asked !== undefined && artifactType === undefined) return asked;
    const fallback =
      asked === undefined && (await readFallback(context, manifests, subject, options));
    const listed = asked ?? (typeof fallback === "object" ? fallback.listed : []);
    const found: Descriptor[] = [];
    for (const descriptor of listed) {
      const referrer = await complete(descriptor, subject, options);
      if (referrer !== undefined) found.push(referrer);
    }
    return found;
  };

  return {
    list: async (subject, artifactType, options) => {
      const all = await listAll(parseKnownDigest(subject), artifactType, options);
      // A registry may ignore the filter, so it is applied here in any case.
      return artifactType === undefined
        ? all
        : all.filter((descriptor) => descriptor.artifactType === artifactType);
    },
    record: async ({ descriptor, bytes, isListed }, options) => {
      if (isListed || (member(tryParseJson(bytes), "subject") ?? undefined) === undefined) return;
      const referrer = describeReferrer(descriptor, bytes, limits);
      if (referrer === undefined) return;
      const { subject } = referrer;
      if (await listsReferrer(context, subject, descriptor.digest, options)) return;
      await inTurn(subject, () => editFallback(context, manifests, referrer, "listed", options));
    },
    findListed: async (digest, options) => {
      const descriptor = await manifests.find(digest, options);
      const referrer = descriptor && (await describeStored(descriptor, options));
      if (referrer === undefined) return undefined;
      const asked = await askReferrers(context, referrer.subject, undefined, options);
      return asked === undefined ? referrer : undefined;
    },
    strike: (referrer, options) =>
      inTurn(referrer.subject, () => editFallback(context, manifests, referrer, "struck", options)),
  };
}

// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import type { ReadableStore } from "../store.ts";
import { formatCosignTags } from "./referrer-tags.ts";
import { subjectsBelow } from "./subjects-below.ts";

/** How one store is asked for what refers to content. */
export interface Referrers {
  /** The manifests whose `subject` is this content, of one kind if it is given, as a registry lists them. */
  readonly of: (subject: Digest, artifactType?: string) => Promise<readonly Descriptor[]>;
  /** What hangs on the content by the name of a tag alone, as cosign's signatures do. */
  readonly tagsOf: (subject: Digest) => Promise<readonly NamedReferrer[]>;
}

/** Content whose tag says what it is about: `sha256-<hex>.sig`. */
export interface NamedReferrer {
  readonly tag: string;
  readonly descriptor: Descriptor;
}

/** Options of {@link openReferrers}. */
export interface ReferrersOptions extends AbortOptions {
  /** Passes over roots that the store has lost, instead of failing. */
  readonly skipLost?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** Options of {@link findReferrers}. */
export interface FindReferrersOptions extends ReferrersOptions {
  /** Only referrers of this kind. */
  readonly artifactType?: string | undefined;
}

/**
 * The manifests whose `subject` is this one: as the store lists them, or else found among its roots and what
 * their indexes list. For more than one subject, {@link openReferrers} reads the roots only once.
 * @throws OciError as {@link openReferrers} and its `of`
 */
export async function findReferrers(
  store: ReadableStore,
  subject: Digest,
  { artifactType, ...options }: FindReferrersOptions = {},
): Promise<readonly Descriptor[]> {
  return (await openReferrers(store, options)).of(subject, artifactType);
}

/**
 * Prepares to ask a store what refers to its content. A registry is asked for each subject; the roots of a layout,
 * an archive or memory are read once, here, with what their indexes list.
 * @throws OciError `unsupported-operation` for a store that lists neither referrers nor roots; `not-found` for a
 * root that the store has lost; whatever reading throws
 */
export async function openReferrers(
  store: ReadableStore,
  options: ReferrersOptions = {},
): Promise<Referrers> {
  const { referrers, roots } = store.capabilities;
  const { signal } = options;
  if (referrers !== undefined) {
    return {
      of: (subject, artifactType) => referrers(subject, artifactType, { signal }),
      tagsOf: (subject) => resolveTags(store, formatCosignTags(subject), options),
    };
  }
  if (roots === undefined) {
    throw new OciError(
      "unsupported-operation",
      `${store.name}: this kind of store can't list what refers to a manifest`,
    );
  }
  const listed = await roots(options);
  const known = await subjectsBelow(store, listed, options);
  return {
    of: (subject, artifactType) =>
      Promise.resolve(
        (known.get(subject) ?? []).filter(
          (descriptor) => artifactType === undefined || descriptor.artifactType === artifactType,
        ),
      ),
    tagsOf: (subject) => Promise.resolve(namedRoots(listed, formatCosignTags(subject))),
  };
}

function namedRoots(roots: readonly Descriptor[], tags: readonly string[]): NamedReferrer[] {
  return roots.flatMap((descriptor) => {
    const tag = descriptor.annotations?.[AnnotationKey.refName];
    return tag !== undefined && tags.includes(tag) ? [{ tag, descriptor }] : [];
  });
}

async function resolveTags(
  store: ReadableStore,
  tags: readonly string[],
  { signal }: AbortOptions,
): Promise<NamedReferrer[]> {
  const found: NamedReferrer[] = [];
  for (const tag of tags) {
    try {
      found.push({ tag, descriptor: await store.resolve(tag, { signal }) });
    } catch (error) {
      // A tag of a sha512 digest is too long for a registry, which then can't have it.
      if (!isOciError(error, "not-found", "invalid-reference")) throw error;
    }
  }
  return found;
}

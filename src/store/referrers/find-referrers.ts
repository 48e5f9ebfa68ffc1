// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { digestAlgorithm, digestEncoded, type Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { isIndexType, isManifestType } from "../../oci/media-types.ts";
import { readIndex, readManifest } from "../read-documents.ts";
import type { ReadableStore } from "../store.ts";

/** How one store is asked for what refers to content. */
export interface Referrers {
  /** The manifests whose `subject` is this content, as the store lists them. */
  readonly of: (subject: Digest) => Promise<readonly Descriptor[]>;
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
  readonly limits?: Partial<Limits> | undefined;
}

const SUFFIXES = [".sig", ".att", ".sbom"];
const FALLBACK_TAG = /^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{64,128})$/;
const REFERRER_TAG = /^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{64,128})(?:\.(?:sig|att|sbom))?$/;

/** Whether a tag is the list of referrers that registries without a list of their own have (distribution-spec, "Referrers Tag Schema"). */
export function isFallbackTag(tag: string): boolean {
  return FALLBACK_TAG.test(tag);
}

/** Whether a tag names what is about other content: a list of referrers, or one of cosign's. */
export function isReferrerTag(tag: string): boolean {
  return REFERRER_TAG.test(tag);
}

/**
 * Prepares to ask a store what refers to its content. A registry is asked for each subject; the roots of a layout
 * or an archive are read once, here.
 * @throws OciError what reading the roots throws
 */
export async function openReferrers(
  store: ReadableStore,
  options: ReferrersOptions = {},
): Promise<Referrers> {
  const { referrers, roots } = store.capabilities;
  const listed = roots === undefined ? [] : await roots(options);
  const known =
    referrers === undefined ? await subjectsOf(store, listed, options) : new Map<Digest, never>();
  return {
    of: async (subject) =>
      referrers === undefined
        ? (known.get(subject) ?? [])
        : referrers(subject, undefined, { signal: options.signal }),
    tagsOf: (subject) =>
      roots === undefined
        ? resolveTags(store, tagsAbout(subject), options)
        : Promise.resolve(namedRoots(listed, tagsAbout(subject))),
  };
}

function tagsAbout(subject: Digest): string[] {
  const stem = `${digestAlgorithm(subject)}-${digestEncoded(subject)}`;
  return SUFFIXES.map((suffix) => `${stem}${suffix}`);
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

/** The roots by their subjects: those that have one, and those that a fallback tag lists. */
async function subjectsOf(
  store: ReadableStore,
  roots: readonly Descriptor[],
  options: ReferrersOptions,
): Promise<Map<Digest, Descriptor[]>> {
  const found = new Map<Digest, Map<Digest, Descriptor>>();
  const seen = new Set<Digest>();
  const add = async (descriptor: Descriptor, isListed: boolean): Promise<void> => {
    if (seen.has(descriptor.digest)) return;
    seen.add(descriptor.digest);
    const { subject, listed } = await subjectOf(store, descriptor, options);
    if (subject !== undefined) {
      const about = found.get(subject.digest) ?? new Map<Digest, Descriptor>();
      found.set(subject.digest, about.set(descriptor.digest, plain(descriptor)));
    }
    const tag = descriptor.annotations?.[AnnotationKey.refName];
    if (isListed || tag === undefined || !isFallbackTag(tag)) return;
    for (const one of listed) await add(one, true);
  };
  for (const root of roots) await add(root, false);
  return new Map([...found].map(([subject, about]) => [subject, [...about.values()]]));
}

async function subjectOf(
  store: ReadableStore,
  descriptor: Descriptor,
  options: ReferrersOptions,
): Promise<{ readonly subject?: Descriptor | undefined; readonly listed: readonly Descriptor[] }> {
  if (isIndexType(descriptor.mediaType)) {
    const { subject, manifests } = (await readIndex(store, descriptor, options)).value;
    return { subject, listed: manifests };
  }
  if (!isManifestType(descriptor.mediaType)) return { listed: [] };
  const { subject } = (await readManifest(store, descriptor, options)).value;
  return { subject, listed: [] };
}

/** Without the names that the descriptor has in its layout. */
function plain({ annotations, ...descriptor }: Descriptor): Descriptor {
  const kept = Object.entries(annotations ?? {}).filter(
    ([key]) => key !== AnnotationKey.refName && key !== AnnotationKey.containerdName,
  );
  return kept.length === 0 ? descriptor : { ...descriptor, annotations: Object.fromEntries(kept) };
}

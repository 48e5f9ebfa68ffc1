// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { parseJson } from "../../oci/json.ts";
import { limitExceeded } from "../../oci/limits.ts";
import { MediaType } from "../../oci/media-types.ts";
import type { Manifests } from "../documents/manifests.ts";
import { isDocumentType } from "../repository-context.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { parseReferrersList } from "./ask-referrers.ts";
import { formatReferrersTag } from "./referrers-tag.ts";

/** The index under the referrers tag of a subject, which clients edit where the registry has no API. */
export interface FallbackList {
  readonly tag: string;
  /** The index itself; undefined when there is none yet. */
  readonly descriptor: Descriptor | undefined;
  /** Everything that the index says, also what is not known here. */
  readonly value: Readonly<Record<string, unknown>>;
  /** What it lists, without what can't speak of anything, such as blobs. */
  readonly listed: readonly Descriptor[];
}

/**
 * Reads the list under the referrers tag. Undefined when something else has the tag: an image, or the subject
 * itself, as registries answer that take `sha256-…` for a digest.
 * @throws OciError `invalid-descriptor`, `invalid-json`, `limit-exceeded`
 */
export async function readFallback(
  context: RepositoryContext,
  manifests: Manifests,
  subject: Digest,
  options: AbortOptions,
): Promise<FallbackList | "other" | "subject"> {
  const tag = formatReferrersTag(subject);
  const descriptor = await manifests.resolve(tag, options).catch((error: unknown) => {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  });
  if (descriptor === undefined) return emptyList(subject);
  if (descriptor.digest === subject) return "subject";
  if (descriptor.mediaType !== MediaType.index) return "other";
  const { limits } = context.transport;
  const what = `${context.name}:${tag}`;
  const value = parseJson(await manifests.read(descriptor, options), { what, limits });
  const all = parseReferrersList(value, what);
  if (all.length > limits.children) {
    throw limitExceeded({ what, limit: "children", allowed: limits.children, unit: "referrers" });
  }
  const listed = all.filter(({ mediaType }) => isDocumentType(mediaType));
  return { tag, descriptor, value: value as FallbackList["value"], listed };
}

/** The list of a subject to which nothing refers yet. */
export function emptyList(subject: Digest): FallbackList {
  const tag = formatReferrersTag(subject);
  const value = { schemaVersion: 2, mediaType: MediaType.index, manifests: [] };
  return { tag, descriptor: undefined, value, listed: [] };
}

/** The error when a referrer can't be listed, because its subject's tag for that names something else. */
export function takenTag({ name }: RepositoryContext, subject: Digest): OciError {
  const tag = formatReferrersTag(subject);
  return new OciError(
    "already-exists",
    `${name}:${tag}: expected the list of what refers to ${subject}, got something else under this tag`,
    {
      details: { subject, tag },
      hint: "The artifact was pushed, but is not listed: this registry has no referrers API, and the tag that stands for it is taken.",
    },
  );
}

// SPDX-License-Identifier: MIT
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { parseIndex, parseManifest } from "../oci/documents/parse-documents.ts";
import { isOciError } from "../oci/errors.ts";
import { isIndexType, MediaType } from "../oci/media-types.ts";
import { formatFallbackTag } from "../store/referrers/referrer-tags.ts";
import { formatRoute } from "../registry/wire/paths.ts";
import { readDocumentBytes } from "../store/read-documents.ts";
import type { Repository } from "../store/repositories/repositories.ts";
import { sendJson } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { nextPage } from "./pages.ts";

/**
 * GET of the manifests of a repository whose subject is a digest (distribution-spec, "Listing referrers"),
 * including those that only the index under the referrers tag of an older client names. Sorted by digest; an
 * answer is no larger than a document may be, and links to the next. An unknown repository has none.
 */
export async function listReferrers(call: Call, name: string, subject: Digest): Promise<void> {
  const repository = await call.repositories.open(name);
  const wanted = call.query.get("artifactType");
  const last = call.query.get("last");
  const path = formatRoute({ kind: "referrers", repository: name, digest: subject });
  const digests = [
    ...new Set([
      ...repository.referrers(subject),
      ...(await listedUnderTag(call, repository, subject)),
    ]),
  ].sort();
  const found: Descriptor[] = [];
  let headers = {};
  let bytes = 0;
  for (const digest of digests) {
    if (last !== null && digest <= last) continue;
    const referrer = await describeReferrer(call, repository, digest, subject);
    if (referrer === undefined || (wanted !== null && referrer.artifactType !== wanted)) continue;
    bytes += JSON.stringify(referrer).length;
    const end = found.at(-1)?.digest;
    if (end !== undefined && bytes > call.limits.documentBytes / 2) {
      const filter = wanted === null ? {} : { artifactType: wanted };
      headers = nextPage(path, { ...filter, last: end });
      break;
    }
    found.push(referrer);
  }
  const index = { schemaVersion: 2, mediaType: MediaType.index, manifests: found };
  sendJson(call, 200, JSON.stringify(index), {
    "content-type": MediaType.index,
    ...(wanted !== null && { "oci-filters-applied": "artifactType" }),
    ...headers,
  });
}

/** What an older client recorded under the referrers tag, as far as it belongs to the repository. */
async function listedUnderTag(
  { store, limits }: Call,
  repository: Repository,
  subject: Digest,
): Promise<readonly Digest[]> {
  const tagged = await repository.tag(formatFallbackTag(subject));
  if (tagged === undefined || !isIndexType(tagged.mediaType)) return [];
  const bytes = await readDocumentBytes(store, tagged, { limits });
  return parseIndex(bytes, tagged, { limits })
    .value.manifests.map(({ digest }) => digest)
    .filter((digest) => repository.hasManifest(digest));
}

/** Undefined when the manifest has another subject, or none, or was removed a moment ago. */
async function describeReferrer(
  { store, limits }: Call,
  repository: Repository,
  digest: Digest,
  about: Digest,
): Promise<Descriptor | undefined> {
  const descriptor = (await repository.manifest(digest))?.descriptor;
  if (descriptor === undefined) return undefined;
  const bytes = await readDocumentBytes(store, descriptor, { limits }).catch((error: unknown) => {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  if (isIndexType(descriptor.mediaType)) {
    const { subject, artifactType, annotations } = parseIndex(bytes, descriptor, { limits }).value;
    return subject?.digest === about ? { ...descriptor, artifactType, annotations } : undefined;
  }
  const { subject, artifactType, config, annotations } = parseManifest(bytes, descriptor, {
    limits,
  }).value;
  if (subject?.digest !== about) return undefined;
  return { ...descriptor, artifactType: artifactType || config.mediaType, annotations };
}

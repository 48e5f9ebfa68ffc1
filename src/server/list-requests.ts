// SPDX-License-Identifier: MIT
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { MediaType, isIndexType } from "../oci/media-types.ts";
import { parseIndex, parseManifest } from "../oci/documents/parse-documents.ts";
import { formatNextLink } from "../registry/wire/link.ts";
import { formatRoute } from "../registry/wire/paths.ts";
import { readDocumentBytes } from "../store/read-documents.ts";
import { sendJson } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { tagsOf } from "./manifest-requests.ts";
import { ProtocolError } from "./protocol-error.ts";

/** GET of the tags of a repository (distribution-spec, "Listing tags"). */
export async function listTags(call: Call, repository: string): Promise<void> {
  const tags = (await tagsOf(call)).filter((root) => root.repository === repository);
  if (tags.length === 0) {
    throw new ProtocolError(404, "NAME_UNKNOWN", `no tags in ${repository}`);
  }
  const page = cutPage(
    call,
    formatRoute({ kind: "tags", repository }),
    tags.map(({ tag }) => tag),
  );
  sendJson(call, 200, JSON.stringify({ name: repository, tags: page.items }), page.headers);
}

/** GET of the names of all repositories that have tags and may be read. */
export async function listRepositories(call: Call): Promise<void> {
  const all = (await tagsOf(call)).map(({ repository }) => repository);
  const names = all.filter((repository) => call.mayPull(repository));
  const page = cutPage(call, formatRoute({ kind: "catalog" }), names);
  sendJson(call, 200, JSON.stringify({ repositories: page.items }), page.headers);
}

interface Page {
  readonly items: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * One page: sorted, without duplicates, the names after `last`, at most `n` of them, with a link to the next
 * page.
 */
function cutPage({ query }: Call, path: string, names: readonly string[]): Page {
  const last = query.get("last");
  const given = query.get("n");
  const count = given !== null && /^\d{1,9}$/.test(given) ? Number(given) : Infinity;
  const all = [...new Set(names)].sort().filter((name) => last === null || name > last);
  const items = all.slice(0, count);
  const end = items.at(-1);
  if (items.length === all.length || end === undefined) return { items, headers: {} };
  const next = `${path}?last=${encodeURIComponent(end)}&n=${count}`;
  return { items, headers: { link: formatNextLink(next) } };
}

/** GET of the manifests whose subject is a digest (distribution-spec, "Listing referrers"). */
export async function listReferrers(call: Call, subject: Digest): Promise<void> {
  const wanted = call.query.get("artifactType");
  const found = new Map<Digest, Descriptor>();
  for (const root of await call.store.capabilities.roots()) {
    if (found.has(root.digest)) continue;
    const referrer = await describeReferrer(call, root, subject);
    if (referrer !== undefined && (wanted === null || referrer.artifactType === wanted)) {
      found.set(root.digest, referrer);
    }
  }
  const index = { schemaVersion: 2, mediaType: MediaType.index, manifests: [...found.values()] };
  sendJson(call, 200, JSON.stringify(index), {
    "content-type": MediaType.index,
    ...(wanted !== null && { "oci-filters-applied": "artifactType" }),
  });
}

async function describeReferrer(
  call: Call,
  { mediaType, digest, size }: Descriptor,
  about: Digest,
): Promise<Descriptor | undefined> {
  const descriptor = { mediaType, digest, size };
  const { store, limits } = call;
  const bytes = await readDocumentBytes(store, descriptor, { limits });
  if (isIndexType(mediaType)) {
    const { subject, artifactType, annotations } = parseIndex(bytes, descriptor, { limits }).value;
    return subject?.digest === about ? { ...descriptor, artifactType, annotations } : undefined;
  }
  const { subject, artifactType, config, annotations } = parseManifest(bytes, descriptor, {
    limits,
  }).value;
  if (subject?.digest !== about) return undefined;
  return { ...descriptor, artifactType: artifactType ?? config.mediaType, annotations };
}

// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { digestAlgorithm, digestEncoded } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError, isOciError } from "../oci/errors.ts";
import { limitExceeded } from "../oci/limits.ts";
import { parseJson } from "../oci/json.ts";
import { MediaType } from "../oci/media-types.ts";
import { parseDescriptor } from "../oci/documents/parse-documents.ts";
import { pulling } from "./repository-context.ts";
import type { RepositoryContext } from "./repository-context.ts";
import { redactUrl } from "./hosts.ts";
import type { WholeAnswer } from "./transport/transport.ts";
import { parseNextLink } from "./wire/link.ts";
import { member } from "./wire/loose-json.ts";
import { formatRoute, parseKnownDigest } from "./wire/paths.ts";
import { parseUrl } from "./wire/url.ts";

const PAGE = 1_000;
const MOST_PAGES = 1_000;

/**
 * All tags of a repository, sorted.
 * @throws OciError `not-found`, `invalid-json`; `limit-exceeded` for more than 1000 pages, or for more names
 * or bytes than `listItems` and `listBytes` allow
 */
export async function listTags(
  context: RepositoryContext,
  options: AbortOptions = {},
): Promise<readonly string[]> {
  const tags = new Set<string>();
  const path = formatRoute({ kind: "tags", repository: context.repository });
  for await (const { value, what } of readPages(context, `${path}?n=${PAGE}`, options)) {
    // Some registries answer null for an empty list.
    const list = member(value, "tags") ?? [];
    if (!Array.isArray(list) || !list.every((tag) => typeof tag === "string")) {
      throw new OciError("invalid-json", `${what}: expected "tags" to be a list of strings`);
    }
    for (const tag of list) tags.add(tag);
    const { listItems } = context.transport.limits;
    if (tags.size > listItems)
      throw limitExceeded({ what, limit: "listItems", allowed: listItems, unit: "tags" });
  }
  return [...tags].sort();
}

/**
 * The manifests whose `subject` is this one, from the referrers API. When the registry has no such API (404),
 * from the tag `sha256-<hex>` (distribution-spec, "Referrers Tag Schema").
 * @throws OciError `invalid-index`, `limit-exceeded`
 */
export async function listReferrers(
  context: RepositoryContext,
  subject: Digest,
  artifactType?: string,
  options: AbortOptions = {},
): Promise<readonly Descriptor[]> {
  const digest = parseKnownDigest(subject);
  const path = formatRoute({ kind: "referrers", repository: context.repository, digest });
  const query =
    artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
  const found = await collect(context, path + query, options).catch((error: unknown) => {
    if (isOciError(error, "not-found")) return collectFallback(context, digest, options);
    throw error;
  });
  // A registry may ignore the filter, so it is applied here in any case.
  return artifactType === undefined
    ? found
    : found.filter((descriptor) => descriptor.artifactType === artifactType);
}

async function collectFallback(
  context: RepositoryContext,
  digest: Digest,
  options: AbortOptions,
): Promise<readonly Descriptor[]> {
  const reference = `${digestAlgorithm(digest)}-${digestEncoded(digest)}`;
  const { repository } = context;
  try {
    return await collect(
      context,
      formatRoute({ kind: "manifest", repository, reference }),
      options,
    );
  } catch (error) {
    if (isOciError(error, "not-found")) return [];
    throw error;
  }
}

async function collect(
  context: RepositoryContext,
  path: string,
  options: AbortOptions,
): Promise<readonly Descriptor[]> {
  const found = new Map<string, Descriptor>();
  for await (const { value, what } of readPages(context, path, options)) {
    const list = member(value, "manifests");
    if (!Array.isArray(list)) {
      throw new OciError("invalid-index", `${what}: expected an index with "manifests"`);
    }
    for (const [position, item] of list.entries()) {
      const descriptor = parseDescriptor(item, `${what}: manifests[${position}]`);
      found.set(descriptor.digest, descriptor);
    }
    const { children } = context.transport.limits;
    if (found.size > children)
      throw limitExceeded({ what, limit: "children", allowed: children, unit: "referrers" });
  }
  return [...found.values()];
}

interface Page {
  readonly value: unknown;
  readonly what: string;
}

/** Reads page after page. The next page is requested only from the registry itself, and no page twice. */
async function* readPages(
  context: RepositoryContext,
  first: string,
  options: AbortOptions,
): AsyncGenerator<Page> {
  const { limits, origin } = context.transport;
  const seen = new Set<string>();
  let target: string | URL | undefined = first;
  let bytes = 0;
  while (target !== undefined) {
    const url: URL = new URL(target, origin);
    if (seen.has(url.href) || seen.size >= MOST_PAGES) {
      throw limitExceeded({
        what: redactUrl(url),
        allowed: MOST_PAGES,
        unit: "pages of a list, none of them twice",
      });
    }
    seen.add(url.href);
    const answer: WholeAnswer = await context.transport.read(
      {
        ...pulling(context),
        method: "GET",
        target: url,
        headers: { accept: `${MediaType.index}, application/json` },
        expect: [200],
        signal: options.signal,
      },
      limits.documentBytes,
    );
    const what = redactUrl(url);
    bytes += answer.bytes.length;
    if (bytes > limits.listBytes) {
      throw limitExceeded({
        what,
        limit: "listBytes",
        allowed: limits.listBytes,
        unit: "bytes in all pages of a list",
      });
    }
    yield { value: parseJson(answer.bytes, { what, limits }), what };
    target = nextPage(answer, origin);
  }
}

function nextPage(answer: WholeAnswer, origin: URL): URL | undefined {
  const link = parseNextLink(answer.header("link"));
  if (link === undefined) return undefined;
  const next = parseUrl(link, answer.url);
  if (next?.origin === origin.origin) return next;
  throw new OciError(
    "redirect-refused",
    `${redactUrl(answer.url)}: expected the next page at ${origin.host}, got ${next === undefined ? "no URL" : redactUrl(next)}`,
  );
}

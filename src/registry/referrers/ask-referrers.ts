// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseDescriptor } from "../../oci/documents/parse-documents.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { parseJson } from "../../oci/json.ts";
import { limitExceeded } from "../../oci/limits.ts";
import { redactUrl } from "../hosts.ts";
import { openPages, type PageReader } from "../lists/read-pages.ts";
import { RegistryError } from "../registry-error.ts";
import { pulling } from "../repository-context.ts";
import type { RepositoryContext } from "../repository-context.ts";
import type { WholeAnswer } from "../transport/transport.ts";
import { member, tryParseJson } from "../wire/loose-json.ts";
import { formatRoute } from "../wire/paths.ts";

/**
 * Asks the referrers API (distribution-spec, "Listing Referrers"). Undefined when the registry has none, which
 * registries say in many ways: any refusal, or a web page, or another document.
 * @throws OciError `invalid-index`, `invalid-descriptor`, `limit-exceeded`; RegistryError for a registry in
 * trouble, and for a refused page that is not the first
 */
export async function askReferrers(
  context: RepositoryContext,
  digest: Digest,
  artifactType: string | undefined,
  options: AbortOptions,
): Promise<readonly Descriptor[] | undefined> {
  const { transport, repository } = context;
  const path = formatRoute({ kind: "referrers", repository, digest });
  const query =
    artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
  const pages = openPages({ transport, access: pulling(context) }, options);
  let answer = await readFirst(pages, path + query);
  if (answer === undefined) return undefined;
  const found = new Map<Digest, Descriptor>();
  while (answer !== undefined) {
    for (const descriptor of listOf(answer, context)) found.set(descriptor.digest, descriptor);
    const { children } = transport.limits;
    if (found.size > children) {
      const what = redactUrl(answer.url);
      throw limitExceeded({ what, limit: "children", allowed: children, unit: "referrers" });
    }
    const next = pages.next(answer);
    answer = next && (await pages.read(next));
  }
  return [...found.values()];
}

async function readFirst(pages: PageReader, target: string): Promise<WholeAnswer | undefined> {
  try {
    const answer = await pages.read(target);
    return isList(answer) ? answer : undefined;
  } catch (error) {
    if (error instanceof RegistryError && isRefusal(error)) return undefined;
    throw error;
  }
}

/** Every refusal but those that pass: too slow (408), too often (429), and a registry in trouble (5xx). */
function isRefusal({ status = 0, transient }: RegistryError): boolean {
  return !transient && ((status >= 400 && status < 500) || status === 501);
}

/** Whether the answer is a list, even a broken or an empty one, rather than some other page. */
function isList({ bytes }: WholeAnswer): boolean {
  const value = tryParseJson(bytes);
  if (value === undefined)
    return new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().startsWith("{");
  return member(value, "manifests") !== undefined;
}

/** The descriptors of a page. Some registries write null for an empty list. */
function listOf(answer: WholeAnswer, { transport: { limits } }: RepositoryContext): Descriptor[] {
  const what = redactUrl(answer.url);
  return parseReferrersList(parseJson(answer.bytes, { what, limits }), what);
}

/**
 * The descriptors of a parsed list of referrers.
 * @throws OciError `invalid-index`, `invalid-descriptor`
 */
export function parseReferrersList(value: unknown, what: string): Descriptor[] {
  const list = member(value, "manifests") ?? [];
  if (!Array.isArray(list)) {
    throw new OciError("invalid-index", `${what}: expected an index with "manifests"`);
  }
  return list.map((item, at) => parseDescriptor(item, `${what}: manifests[${at}]`));
}

/** Whether the registry answers questions for referrers itself, and has this one on its list. */
export async function listsReferrer(
  context: RepositoryContext,
  subject: Digest,
  referrer: Digest,
  options: AbortOptions,
): Promise<boolean> {
  try {
    const found = await askReferrers(context, subject, undefined, options);
    return found?.some(({ digest }) => digest === referrer) === true;
  } catch (error) {
    // A list that can't be understood is of no use to anybody; the tag is.
    if (isOciError(error, "invalid-index", "invalid-descriptor", "invalid-json")) return false;
    throw error;
  }
}

// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { isDigest, type Digest } from "../../oci/digest.ts";
import { parseDescriptor } from "../../oci/documents/parse-documents.ts";
import { OciError } from "../../oci/errors.ts";
import { parseJson } from "../../oci/json.ts";
import { limitExceeded } from "../../oci/limits.ts";
import type { ListedManifest } from "../../store/store.ts";
import { contentTypeOf } from "../documents/document-type.ts";
import { redactUrl } from "../hosts.ts";
import { pulling } from "../repository-context.ts";
import type { RepositoryContext } from "../repository-context.ts";
import type { WholeAnswer } from "../transport/transport.ts";
import { member } from "../wire/loose-json.ts";
import { formatRoute } from "../wire/paths.ts";

const PAGE = 1_000;

/**
 * Every manifest of a repository, from the list that our own registry has beside what the specification
 * defines. Undefined when the registry has no such list: other registries refuse the path, or answer with
 * something else there, such as a web page.
 * @throws OciError `invalid-json` for JSON that is not well formed or whose items are not manifests;
 * `limit-exceeded` for more than `listItems`
 */
export async function listManifests(
  context: RepositoryContext,
  { only, signal }: AbortOptions & { readonly only?: Digest | undefined } = {},
): Promise<readonly ListedManifest[] | undefined> {
  const { repository, transport } = context;
  const found: ListedManifest[] = [];
  for (let last = ""; ;) {
    const target = new URL(formatRoute({ kind: "manifests", repository }), transport.origin);
    target.searchParams.set("n", String(PAGE));
    if (last !== "") target.searchParams.set("last", last);
    if (only !== undefined) target.searchParams.set("digest", only);
    const page = parsePage(await readPage(context, target, { signal }), context);
    if (page === undefined) return undefined;
    found.push(...page);
    const allowed = transport.limits.listItems;
    if (found.length > allowed) {
      const what = redactUrl(target);
      throw limitExceeded({ what, limit: "listItems", allowed, unit: "manifests" });
    }
    const end = page.at(-1)?.descriptor.digest;
    if (end === undefined || page.length < PAGE || end <= last) return found;
    last = end;
  }
}

function readPage(
  context: RepositoryContext,
  target: URL,
  { signal }: AbortOptions,
): Promise<WholeAnswer> {
  const { transport } = context;
  const headers = { accept: "application/json" };
  const expect = [200, 400, 404, 405];
  const request = { ...pulling(context), method: "GET", target, headers, expect, signal } as const;
  return transport.read(request, transport.limits.documentBytes);
}

/** Undefined when the answer is of something else: other registries may have such a path by chance. */
function parsePage(
  answer: WholeAnswer,
  { transport: { limits } }: RepositoryContext,
): ListedManifest[] | undefined {
  if (answer.status !== 200 || contentTypeOf(answer) !== "application/json") return undefined;
  const what = redactUrl(answer.url);
  const list = member(parseJson(answer.bytes, { what, limits }), "manifests");
  if (!Array.isArray(list)) return undefined;
  return list.map((item: unknown, at) => {
    const { mediaType, digest, size } = parseDescriptor(item, `${what}: manifests[${at}]`);
    const since = Date.parse(String(member(item, "since")));
    const subject = member(item, "subject");
    if (Number.isNaN(since)) {
      throw new OciError("invalid-json", `${what}: expected a time as "since" of ${digest}`);
    }
    return {
      descriptor: { mediaType, digest, size },
      since,
      subject: typeof subject === "string" && isDigest(subject) ? subject : undefined,
    };
  });
}

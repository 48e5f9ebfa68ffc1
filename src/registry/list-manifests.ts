// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { isDigest, type Digest } from "../oci/digest.ts";
import { parseDescriptor } from "../oci/documents/parse-documents.ts";
import { OciError } from "../oci/errors.ts";
import { parseJson } from "../oci/json.ts";
import { limitExceeded } from "../oci/limits.ts";
import type { ListedManifest } from "../store/store.ts";
import { redactUrl } from "./hosts.ts";
import { pulling } from "./repository-context.ts";
import type { RepositoryContext } from "./repository-context.ts";
import { member } from "./wire/loose-json.ts";
import { formatRoute } from "./wire/paths.ts";

const PAGE = 1_000;

/**
 * Every manifest of a repository, from the list that our own registry has beside what the specification
 * defines. Undefined when the registry has no such list.
 * @throws OciError `invalid-json`; `limit-exceeded` for more than `listItems`
 */
export async function listManifests(
  context: RepositoryContext,
  { only, signal }: AbortOptions & { readonly only?: Digest | undefined } = {},
): Promise<readonly ListedManifest[] | undefined> {
  const { limits, origin } = context.transport;
  const found: ListedManifest[] = [];
  for (let last = ""; ;) {
    const { repository } = context;
    const target = new URL(formatRoute({ kind: "manifests", repository }), origin);
    target.searchParams.set("n", String(PAGE));
    if (last !== "") target.searchParams.set("last", last);
    if (only !== undefined) target.searchParams.set("digest", only);
    const answer = await context.transport.read(
      {
        ...pulling(context),
        method: "GET",
        target,
        headers: { accept: "application/json" },
        expect: [200, 400, 404, 405],
        signal,
      },
      limits.documentBytes,
    );
    if (answer.status !== 200) return undefined;
    const what = redactUrl(target);
    const page = parsePage(parseJson(answer.bytes, { what, limits }), what);
    if (page === undefined) return undefined;
    found.push(...page);
    if (found.length > limits.listItems) {
      const allowed = limits.listItems;
      throw limitExceeded({ what, limit: "listItems", allowed, unit: "manifests" });
    }
    const end = page.at(-1)?.descriptor.digest;
    if (end === undefined || page.length < PAGE || end <= last) return found;
    last = end;
  }
}

/** Undefined when the answer is of something else: other registries may have such a path by chance. */
function parsePage(value: unknown, what: string): ListedManifest[] | undefined {
  const list = member(value, "manifests");
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

// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseDigest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { readIndex, readManifest } from "../../store/read-documents.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { Answer } from "../exchange.ts";
import { contentPath, pulling, type RepositoryContext } from "../repository-context.ts";
import { isWebPage } from "../web-page.ts";
import { formatRoute } from "../wire/paths.ts";
import { probe, statusOf, type Probe } from "./probe.ts";

/** Digests of nothing that anybody has. */
const ABSENT = parseDigest(`sha256:${"0".repeat(64)}`);
const ABSENT_512 = parseDigest(`sha512:${"0".repeat(128)}`);
const PAGE_SIZES = [10_000, 1_000, 100];

/** What is no registry answers with. */
const WEB_PAGE = "a web page";

/** Asks whether a registry answers at all, and as whom. @throws RegistryError `unreachable` */
export async function probeAccess(
  context: RepositoryContext,
  options: AbortOptions,
): Promise<readonly Probe[]> {
  const { transport, repository } = context;
  const account = await transport.account(repository);
  const access = repository === "" ? { repository, scopes: [] } : pulling(context);
  const ask = async (): Promise<{ readonly got: number; readonly says?: string | undefined }> => {
    const request = { ...access, method: "GET" as const, target: "/v2/", expect: [200] };
    const most = transport.limits.answerBytes;
    const answer = await transport.read({ ...request, signal: options.signal }, most);
    const version = answer.header("docker-distribution-api-version");
    return { got: answer.status, says: isWebPage(answer.bytes) ? WEB_PAGE : version };
  };
  const { got, says } = await ask().catch((error: unknown) => ({
    got: statusOf(error),
    says: undefined,
  }));
  const isRegistry = (got === 200 && says !== WEB_PAGE) || got === 401 || got === 403;
  const scheme = transport.origin.protocol.replace(":", "");
  const answered: Probe = {
    name: "version",
    outcome: isRegistry ? "yes" : "no",
    detail: `${scheme}, status ${got}${says === undefined ? "" : `, ${says}`}`,
  };
  if (answered.outcome !== "yes") return [answered];
  const named = account === "" ? "with a token" : `as ${account ?? ""}`;
  const who = account === undefined ? "anonymously" : named;
  const auth: Probe = {
    name: "auth",
    outcome: got === 200 ? "yes" : "no",
    detail: `${who}, status ${got}`,
  };
  return [answered, auth];
}

/** Asks what can be found out of a repository without writing. */
export async function probeReading(
  context: RepositoryContext,
  sample: Descriptor | undefined,
  options: AbortOptions,
): Promise<readonly Probe[]> {
  const { repository } = context;
  const get = (target: string, headers = {}): Promise<Answer> =>
    send(context, "GET", target, headers, options);
  return [
    await probe("page-size", () => largestPage(context, options)),
    await probe("range", async () => {
      if (sample === undefined) return { outcome: "not-asked", detail: "no blob to try it on" };
      const answer = await get(contentPath(context, sample), { range: "bytes=0-0" });
      return { outcome: answer.status === 206 ? "yes" : "no", detail: `status ${answer.status}` };
    }),
    await probe("referrers", async () => {
      const path = formatRoute({ kind: "referrers", repository, digest: ABSENT });
      const status = await get(path).then((answer) => answer.status, statusOf);
      const detail = status === 200 ? "by its API" : `status ${status}: by the fallback tag`;
      return { outcome: status === 200 ? "yes" : "no", detail };
    }),
    await probe("sha512", async () => {
      const path = formatRoute({ kind: "blob", repository, digest: ABSENT_512 });
      const status = await send(context, "HEAD", path, {}, options).then(
        (answer) => answer.status,
        statusOf,
      );
      const outcome = status === 404 ? "yes" : status === 400 ? "no" : "unknown";
      return { outcome, detail: `a blob that nobody has: status ${status}` };
    }),
  ];
}

/** A small blob of the repository: the configuration of some image. Undefined when there is none. */
export async function findSample(
  store: ReadableStore,
  options: AbortOptions,
): Promise<Descriptor | undefined> {
  try {
    const [tag] = (await store.capabilities.tags?.(options)) ?? [];
    if (tag === undefined) return undefined;
    const root = await store.resolve(tag, options);
    const child = isIndexType(root.mediaType)
      ? (await readIndex(store, root, options)).value.manifests[0]
      : root;
    if (child === undefined || isIndexType(child.mediaType)) return undefined;
    return (await readManifest(store, child, options)).value.config;
  } catch (error) {
    statusOf(error);
    return undefined;
  }
}

async function largestPage(
  context: RepositoryContext,
  options: AbortOptions,
): Promise<Omit<Probe, "name">> {
  const path = formatRoute({ kind: "tags", repository: context.repository });
  for (const n of PAGE_SIZES) {
    const status = await send(context, "GET", `${path}?n=${n}`, {}, options).then(
      (answer) => answer.status,
      statusOf,
    );
    if (status === 200) return { outcome: "yes", detail: `n=${n} is taken` };
    if (status !== 400 && status !== 422) {
      return { outcome: "unknown", detail: `a list of tags: status ${status}` };
    }
  }
  return { outcome: "no", detail: `not even n=${String(PAGE_SIZES.at(-1))} is taken` };
}

async function send(
  context: RepositoryContext,
  method: "GET" | "HEAD",
  target: string,
  headers: Readonly<Record<string, string>>,
  { signal }: AbortOptions,
): Promise<Answer> {
  const expect = [200, 206];
  const answer = await context.transport.send({
    ...pulling(context),
    ...{ method, target, headers, expect, signal },
  });
  await answer.discard();
  return answer;
}

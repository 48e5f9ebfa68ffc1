// SPDX-License-Identifier: MIT
import { findKey } from "../../oci/documents/fold-key.ts";
import { OciError } from "../../oci/errors.ts";
import { parseJson } from "../../oci/json.ts";
import type { Limits } from "../../oci/limits.ts";
import { isIndexType, isManifestType, MediaType } from "../../oci/media-types.ts";
import { quote } from "../../oci/quote.ts";
import { redactUrl } from "../hosts.ts";
import { RegistryError } from "../registry-error.ts";
import type { WholeAnswer } from "../transport/transport.ts";
import { isWebPage, startsWith, webPageInstead } from "../web-page.ts";

const SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+";

/** The media type of a `Content-Type`, in lower case and without parameters; empty when there is none. */
export function contentTypeOf(answer: Pick<WholeAnswer, "header">): string {
  return answer.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
}

/**
 * The media type of the manifest or index in an answer. The document's own counts, or what follows from its
 * fields; a `Content-Type` counts where the document has none. Servers that know no media types send
 * `application/json`, `text/plain` or nothing, and some OCI's type for Docker's document.
 *
 * But a manifest that the header calls an index, or the other way round, is refused: the same bytes could be
 * read as two images under one digest (CVE-2021-41190).
 * @throws RegistryError `invalid-manifest`; OciError `unsupported-media-type` for Docker's schema 1,
 * `invalid-json`, `limit-exceeded`
 */
export function documentTypeOf(answer: WholeAnswer, limits: Limits): string {
  const header = contentTypeOf(answer);
  const what = `${answer.method} ${redactUrl(answer.url)}`;
  if (isPage(answer, header)) throw pageForDocument(answer);
  const body = parseJson(answer.bytes, { what, limits });
  const own = fieldOf(body, "mediaType") ?? undefined;
  if (isSchema1(header, own, fieldOf(body, "schemaVersion"))) throw schema1(what);
  const said = typeof own === "string" ? own : own === undefined ? shapeOf(body) : undefined;
  if (said === undefined && own === undefined && namesType(header)) return header;
  if (said === undefined) {
    const got = own === undefined ? "neither" : `the mediaType ${quote(own)}`;
    throw notDocument(answer, what, got);
  }
  if (!namesType(header) || said === header || kindOf(said) === kindOf(header)) {
    return own === undefined && namesType(header) ? header : said;
  }
  throw notDocument(answer, what, `${quote(header)} in the header and ${quote(said)} in it`);
}

function fieldOf(body: unknown, name: string): unknown {
  if (typeof body !== "object" || body === null) return undefined;
  const key = findKey(body, name);
  return key === undefined ? undefined : (body as Record<string, unknown>)[key];
}

function shapeOf(body: unknown): string | undefined {
  const has = (key: string): boolean => (fieldOf(body, key) ?? undefined) !== undefined;
  const isIndex = has("manifests");
  const isManifest = has("layers") && has("config");
  if (isIndex === isManifest) return undefined;
  return isIndex ? MediaType.index : MediaType.manifest;
}

/** Whether a media type says what kind of document it is, as all those with a vendor's name do. */
function namesType(mediaType: string): boolean {
  return /^application\/vnd\./.test(mediaType);
}

function kindOf(mediaType: string): string {
  if (isManifestType(mediaType)) return "manifest";
  return isIndexType(mediaType) ? "index" : mediaType;
}

function isSchema1(header: string, own: unknown, schemaVersion: unknown): boolean {
  const isNamed = [header, own].some(
    (type) => typeof type === "string" && type.startsWith(SCHEMA_1),
  );
  return isNamed || schemaVersion === 1;
}

function schema1(what: string): OciError {
  return new OciError(
    "unsupported-media-type",
    `${what}: expected a manifest or an index, got Docker's schema 1`,
    {
      details: { mediaType: `${SCHEMA_1}json` },
      hint: "Docker's schema 1 has no digests of its config: push the image again with a current tool.",
    },
  );
}

function isPage({ bytes }: WholeAnswer, header: string): boolean {
  return isWebPage(bytes) || (header === "text/html" && !startsWith(bytes, "{"));
}

/** The error for a web page in place of a manifest or index. */
export function pageForDocument(answer: WholeAnswer): RegistryError {
  return webPageInstead(answer, "a manifest or an index of one media type", "invalid-manifest");
}

function notDocument(answer: WholeAnswer, what: string, got: string): RegistryError {
  const { method, status } = answer;
  return new RegistryError(
    "invalid-manifest",
    `${what}: expected a manifest or an index of one media type, got ${got}`,
    { method, url: redactUrl(answer.url), status },
  );
}

// SPDX-License-Identifier: MIT
import { knownAlgorithm, parseDigest } from "../../oci/digest.ts";
import type { Digest } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import { parseRepository, parseTag } from "../../oci/reference.ts";

/** What a request's path names (distribution-spec, "Endpoints"). */
export type Route =
  | { readonly kind: "base" }
  | { readonly kind: "catalog" }
  | { readonly kind: "tags"; readonly repository: string }
  /** An extension of ours: all manifests of a repository. */
  | { readonly kind: "manifests"; readonly repository: string }
  | { readonly kind: "referrers"; readonly repository: string; readonly digest: Digest }
  | { readonly kind: "manifest"; readonly repository: string; readonly reference: string }
  | { readonly kind: "blob"; readonly repository: string; readonly digest: Digest }
  | { readonly kind: "uploads"; readonly repository: string }
  | { readonly kind: "upload"; readonly repository: string; readonly id: string };

const BELOW_REPOSITORY =
  /^\/v2\/(.+?)\/(?:(tags|_oci-kit\/manifests)\/list|(manifests|blobs|referrers|blobs\/uploads)\/([^/]*))$/;
const UPLOAD_ID = /^[A-Za-z0-9_=-]{1,128}$/;

/**
 * Parses the path of a request. Undefined when no endpoint has this form.
 * @throws OciError `invalid-reference` for an invalid repository or tag; `invalid-digest` or
 * `unsupported-algorithm` for an invalid or unknown digest
 */
export function parseRoute(path: string): Route | undefined {
  const decoded = decode(path);
  if (decoded === "/v2/" || decoded === "/v2") return { kind: "base" };
  if (decoded === "/v2/_catalog") return { kind: "catalog" };
  const [, name, list, kind, last = ""] = BELOW_REPOSITORY.exec(decoded) ?? [];
  if (name === undefined) return undefined;
  const repository = parseRepository(name);
  if (list !== undefined) return { kind: list === "tags" ? "tags" : "manifests", repository };
  switch (kind) {
    case "manifests":
      return { kind: "manifest", repository, reference: parseTagOrDigest(last) };
    case "referrers":
      return { kind: "referrers", repository, digest: parseKnownDigest(last) };
    case "blobs":
      if (last === "uploads") return { kind: "uploads", repository };
      return { kind: "blob", repository, digest: parseKnownDigest(last) };
    default:
      if (last === "") return { kind: "uploads", repository };
      return UPLOAD_ID.test(last) ? { kind: "upload", repository, id: last } : undefined;
  }
}

/** As {@link parseRoute}, but a path with a name, tag or digest that is invalid is no endpoint either. */
export function endpointOf(path: string): Route | undefined {
  try {
    return parseRoute(path);
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}

/**
 * Parses a digest for use in a path.
 * @throws OciError `invalid-digest`, `unsupported-algorithm`
 */
export function parseKnownDigest(text: string): Digest {
  const digest = parseDigest(text);
  knownAlgorithm(digest);
  return digest;
}

/**
 * Parses the tag or digest after `/manifests/`. @throws OciError `invalid-reference`, `invalid-digest`,
 * `unsupported-algorithm`
 */
export function parseTagOrDigest(text: string): string {
  return text.includes(":") ? parseKnownDigest(text) : parseTag(text);
}

/** The path of an endpoint. All parts have been validated against their grammar, so nothing needs encoding. */
export function formatRoute(route: Route): string {
  switch (route.kind) {
    case "base":
      return "/v2/";
    case "catalog":
      return "/v2/_catalog";
    case "tags":
      return `/v2/${route.repository}/tags/list`;
    case "manifests":
      return `/v2/${route.repository}/_oci-kit/manifests/list`;
    case "referrers":
      return `/v2/${route.repository}/referrers/${route.digest}`;
    case "manifest":
      return `/v2/${route.repository}/manifests/${route.reference}`;
    case "blob":
      return `/v2/${route.repository}/blobs/${route.digest}`;
    case "uploads":
      return `/v2/${route.repository}/blobs/uploads/`;
    case "upload":
      return `/v2/${route.repository}/blobs/uploads/${route.id}`;
  }
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

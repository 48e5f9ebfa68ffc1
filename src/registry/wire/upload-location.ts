// SPDX-License-Identifier: MIT
import type { Digest } from "../../oci/digest.ts";
import { parseUrl } from "./url.ts";

/**
 * Where an upload continues, from the `Location` of an answer (distribution-spec, "Pushing blobs"): relative
 * or absolute, its query kept. Undefined when it is on another host than the registry; this library refuses
 * that, because a layer's bytes go only to the host that the user named. A location with `http` instead of
 * the registry's `https` (a registry behind a proxy that ends TLS) is changed back to `https`.
 */
export function resolveUploadLocation(
  location: string | undefined,
  answered: URL,
  origin: URL,
): URL | undefined {
  const url = parseUrl(location, answered);
  if (url === undefined) return undefined;
  if (
    url.protocol === "http:" &&
    origin.protocol === "https:" &&
    url.hostname === origin.hostname
  ) {
    url.protocol = "https:";
    if (url.port === "" || url.port === "80") url.port = origin.port;
  }
  return url.origin === origin.origin && url.username === "" && url.password === ""
    ? url
    : undefined;
}

/** The URL that closes an upload: the location with `digest` added to whatever its query holds. */
export function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  // searchParams would re-encode a query that only the registry understands.
  url.search = url.search === "" ? `?digest=${digest}` : `${url.search}&digest=${digest}`;
  return url;
}

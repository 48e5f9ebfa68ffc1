// SPDX-License-Identifier: MIT
import { isDigest, knownAlgorithm, shortDigestHint } from "./digest.ts";
import type { Digest } from "./digest.ts";
import { OciError } from "./errors.ts";
import { quote } from "./quote.ts";

/**
 * Where content is in a registry. It may have both tag and digest: then the digest decides, and the tag only
 * says what it was called. With neither it names a repository; no default tag is added.
 */
export interface Reference {
  /** Host and optional port, normalised as {@link parseRegistry} returns it. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string | undefined;
  /** Its algorithm is one that this library can verify. */
  readonly digest?: Digest | undefined;
}

const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
const HOST = new RegExp(
  `^(${LABEL}(?:\\.${LABEL})*|\\[[0-9a-fA-F:.]{2,45}\\])(?::([1-9][0-9]{0,4}))?$`,
);
// distribution-spec, "Pulling manifests": the grammar of <name> and of <reference> as a tag
const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const LONGEST_NAME = 255;
const LARGEST_PORT = 65_535;

const DOCKER_HUB = "docker.io";
const DOCKER_HUB_ALIAS = "index.docker.io";

/**
 * Parses `host[:port]/repository[:tag][@digest]`. The host must be named: it has a dot or a port, is
 * `localhost`, or is an IPv6 address in brackets. Only for Docker Hub (`docker.io`, or `index.docker.io`,
 * which becomes `docker.io`) is `library/` put before a repository of one word.
 * @throws OciError `invalid-reference`, and `unsupported-algorithm` for a digest that can't be verified
 */
export function parseReference(text: string): Reference {
  const at = text.indexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  const slash = name.indexOf("/");
  const host = name.slice(0, Math.max(slash, 0));
  if (/^[./~\\]|:\/\//.test(text) || !namesHost(host)) throw withoutHost(text);

  const colon = name.indexOf(":", slash);
  const registry = parseRegistry(host);
  const path = name.slice(slash + 1, colon < 0 ? undefined : colon);
  const isOfficial = isDockerHub(registry) && !path.includes("/");
  return {
    registry: registry === DOCKER_HUB_ALIAS ? DOCKER_HUB : registry,
    repository: parseRepository(isOfficial ? `library/${path}` : path),
    ...(colon < 0 ? undefined : { tag: parseTag(name.slice(colon + 1)) }),
    ...(at < 0 ? undefined : { digest: parseReferenceDigest(text.slice(at + 1)) }),
  };
}

/** The reference as text, which {@link parseReference} reads back as the same reference. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  const suffix = (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
  return `${registry}/${repository}${suffix}`;
}

/**
 * Parses a registry's host and optional port and returns it normalised: lower case, an IPv6 address in
 * brackets in its shortest form. An address in a spelling that a URL would change (`127.1`, `0x7f.0.0.1`) is
 * refused, since the host that is checked must be the host that is connected to.
 * @throws OciError `invalid-reference`
 */
export function parseRegistry(text: string): string {
  const [, host = "", port] = (text.length <= LONGEST_NAME ? HOST.exec(text) : null) ?? [];
  const canonical = host === "" ? undefined : canonicalHost(host);
  if (canonical === undefined || (port !== undefined && Number(port) > LARGEST_PORT)) {
    throw invalid("registry", "a host name or address with an optional port", text);
  }
  return port === undefined ? canonical : `${canonical}:${port}`;
}

/** Checks a repository name and returns it as it is (at most 255 characters). @throws OciError `invalid-reference` */
export function parseRepository(text: string): string {
  if (text.length <= LONGEST_NAME && REPOSITORY.test(text)) return text;
  throw invalid(
    "repository",
    "lower-case words of letters and digits, joined by one of . _ __ - and separated by /",
    text,
  );
}

/** Checks a tag and returns it as it is. @throws OciError `invalid-reference` */
export function parseTag(text: string): string {
  if (TAG.test(text)) return text;
  throw invalid("tag", "1 to 128 letters, digits, _ . -, the first none of . -", text);
}

function parseReferenceDigest(text: string): Digest {
  if (!isDigest(text)) throw invalid("digest", "sha256:<64 lower-case hex digits>", text);
  knownAlgorithm(text);
  return text;
}

function isDockerHub(registry: string): boolean {
  return registry === DOCKER_HUB || registry === DOCKER_HUB_ALIAS;
}

function namesHost(host: string): boolean {
  return /[.:[]/.test(host) || host.toLowerCase() === "localhost";
}

function canonicalHost(host: string): string | undefined {
  try {
    const { hostname } = new URL(`http://${host}/`);
    return host.startsWith("[") || hostname === host.toLowerCase() ? hostname : undefined;
  } catch {
    return undefined;
  }
}

function invalid(part: string, expected: string, got: string): OciError {
  return new OciError("invalid-reference", `${part}: expected ${expected}, got ${quote(got)}`, {
    details: { part, got: got.slice(0, LONGEST_NAME) },
    ...shortDigestHint(got),
  });
}

function withoutHost(text: string): OciError {
  return new OciError(
    "invalid-reference",
    `reference: expected host/repository:tag or host/repository@digest, got ${quote(text)}`,
    { details: { got: text.slice(0, LONGEST_NAME) }, hint: hintFor(text) },
  );
}

function hintFor(text: string): string {
  if (text.includes("://")) return "Leave out the scheme: a reference starts with its host.";
  if (/^[./~\\]/.test(text)) {
    return "A directory is written oci:DIR (an image layout) or dir:DIR (a root filesystem).";
  }
  if (text.includes("/")) {
    return "Name the host, as in docker.io/name/image; a directory is written oci:DIR or dir:DIR.";
  }
  return "Name the host, as in localhost:5000/name or docker.io/library/name.";
}

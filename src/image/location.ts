// SPDX-License-Identifier: MIT
import { type Digest, isDigest, parseDigest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { type Reference, formatReference, parseReference } from "../oci/reference.ts";

/** Where an image or a root filesystem is. References on the command line are parsed to this. */
export type Location =
  | { readonly kind: "registry"; readonly reference: Reference }
  | LayoutLocation
  | ArchiveLocation
  /** A plain root filesystem. */
  | { readonly kind: "dir"; readonly directory: string }
  /** A path without a scheme. What it is depends on what is there. */
  | { readonly kind: "path"; readonly path: string };

/** An OCI image layout directory. If there are a tag and a digest, the digest counts. */
export interface LayoutLocation {
  readonly kind: "oci";
  readonly directory: string;
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

/** A tar of an image layout, or one as `docker save` and `nerdctl save` write it. The file `-` is stdin or stdout. */
export interface ArchiveLocation {
  readonly kind: "oci-archive" | "docker-archive";
  readonly file: string;
  /** In a docker-archive it may also be `repository:tag`. */
  readonly tag?: string | undefined;
}

export interface LocationOptions {
  /**
   * The repository that a bare word is a tag of: a reference without a tag, such as `ghcr.io/family/image` or
   * `oci:out/registry`. Without it a bare word is an error.
   */
  readonly repository?: string | undefined;
}

const SCHEMES =
  "host/repository:tag, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:TAG], dir:DIR";
const TAG = /^\w[\w.-]{0,127}$/;
const HOST =
  /^(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9-]+)*)(?::\d{1,5})?$/;

/**
 * Parses a reference as people type it: `host/repository[:tag][@digest]` (also behind `docker://`),
 * `oci:DIR[:TAG][@digest]`, `oci-layout://DIR[:TAG][@digest]`, `oci-archive:FILE[:TAG]`,
 * `docker-archive:FILE[:TAG]`, `dir:DIR`, or a path.
 *
 * A reference names its host (with a dot, a port, or `localhost`) or a scheme; a bare word is a tag of the
 * configured repository, and anything else with a slash is a path. So a typing error never makes a request to
 * another machine. As for skopeo, the name of a directory or file ends at the first colon.
 * @throws OciError `invalid-reference`, `invalid-digest`
 */
export function parseLocation(text: string, options: LocationOptions = {}): Location {
  const scheme = /^(docker:\/\/|oci-layout:\/\/|oci:|oci-archive:|docker-archive:|dir:)/.exec(text);
  const rest = text.slice(scheme?.[0].length ?? 0);
  if (/^(?:oci|oci-archive|docker-archive|dir):\/\/[^/]/.test(text)) {
    const meant = text.replace("//", "");
    throw refuse(text, "it has // after its scheme", `Write ${meant}, or one / for the root.`);
  }
  switch (scheme?.[0]) {
    case undefined:
      return parseBare(text, options);
    case "docker://":
      return { kind: "registry", reference: parseReference(requireHost(rest, text)) };
    case "oci-archive:":
    case "docker-archive:":
      return parseArchive(scheme[0] === "oci-archive:" ? "oci-archive" : "docker-archive", text);
    case "dir:":
      return { kind: "dir", directory: requirePart(rest, "a directory", text) };
    default:
      return parseLayout(rest, text);
  }
}

function parseBare(text: string, options: LocationOptions): Location {
  if (namesHost(text)) return { kind: "registry", reference: parseReference(text) };
  if (isPath(text)) return { kind: "path", path: text };
  if (!TAG.test(text)) {
    const hint =
      daemonHint(text) ??
      hostHint(text) ??
      nearSchemeHint(text) ??
      hubHint(text) ??
      schemeHint(text) ??
      `Write one of ${SCHEMES}.`;
    throw refuse(text, "it names neither a host nor a known scheme", hint);
  }
  if (options.repository === undefined) {
    throw refuse(
      text,
      "a bare word is a tag of the configured repository, and none is configured",
      wordHint(text),
    );
  }
  return parseLocation(`${options.repository}:${text}`);
}

/** What people mean who are used to Docker, where no host is Docker Hub; undefined for what is no such name. */
export function hubHint(text: string): string | undefined {
  const [, owner, name, tag = ""] =
    /^(?:([a-z0-9]+(?:[._-][a-z0-9]+)*)\/)?([a-z0-9]+(?:[._-][a-z0-9]+)*)(:\w[\w.-]*)?$/.exec(
      text,
    ) ?? [];
  if (name === undefined) return undefined;
  return `Docker Hub's images are named with their host: docker.io/${owner ?? "library"}/${name}${tag}`;
}

/** What a word without a scheme may have been meant as. */
function wordHint(text: string): string {
  if (text === "scratch") {
    return "Nothing below is --base scratch of oci-kit assemble; oci-kit pack DIR REF makes an image of a directory alone.";
  }
  if (/\.(?:tar|tgz|tar\.[a-z0-9]+)$/.test(text)) {
    return `An archive is written oci-archive:${text} or docker-archive:${text}.`;
  }
  return `Name the host, as registry.example/repository:${text}; or write ./${text} for a path.`;
}

/** For a host without a repository. A word and a number may be a name and a tag of Docker Hub, so it has to look like a host. */
function hostHint(text: string): string | undefined {
  const isHost = HOST.test(text) && /^(?:localhost|\[.*\]|.*\..*):\d+$/.test(text);
  return isHost
    ? `It names a registry and no repository: write ${text}/REPOSITORY:TAG. oci-kit catalog ${text} lists what there is.`
    : undefined;
}

/** For a scheme in capitals, and for what other tools call these. */
function nearSchemeHint(text: string): string | undefined {
  const [, scheme = "", rest = ""] = /^([A-Za-z-]+):(.+)/.exec(text) ?? [];
  const known = ["oci", "oci-archive", "docker-archive", "dir"];
  const lower = scheme.toLowerCase();
  const meant = lower === "oci-dir" || lower === "oci-layout" ? "oci" : lower;
  return known.includes(meant) ? `Write ${meant}:${rest}` : undefined;
}

function daemonHint(text: string): string | undefined {
  const [, daemon, image] = /^(docker-daemon|containers-storage):(.+)/.exec(text) ?? [];
  if (image === undefined) return undefined;
  const tool = daemon === "docker-daemon" ? "docker" : "podman";
  return `No daemon is asked: ${tool} save ${image} | oci-kit copy docker-archive:- oci:DIR`;
}

function schemeHint(text: string): string | undefined {
  const rest = /^https?:\/\/(.+)/.exec(text)?.[1];
  if (rest === undefined) return undefined;
  const flag = text.startsWith("http:") ? " with --plain-http, where it is not loopback" : "";
  return `A registry's reference has no scheme: ${rest}${flag}`;
}

function isPath(text: string): boolean {
  if (text === "." || text === ".." || /^(?:\.{0,2}\/|~\/)/.test(text)) return true;
  const slash = text.indexOf("/");
  return slash > 0 && !text.slice(0, slash).includes(":") && !text.includes("\0");
}

/** Whether the text starts with a host and a slash. A host has a dot or a port, or is `localhost`. */
function namesHost(text: string): boolean {
  const host = text.slice(0, Math.max(0, text.indexOf("/")));
  return HOST.test(host) && (/[.:[]/.test(host) || host === "localhost");
}

function requireHost(rest: string, text: string): string {
  if (namesHost(rest)) return rest;
  throw refuse(
    text,
    "it names no host",
    `Docker Hub's short names are docker.io/library/${rest.includes("/") ? "…" : rest || "…"} in full.`,
  );
}

function parseLayout(rest: string, text: string): LayoutLocation {
  const { before, digest } = splitDigest(rest);
  const { path, tag } = splitTag(before, text);
  const directory = requirePart(path, "a directory", text);
  return { kind: "oci", directory, ...(tag && { tag }), ...(digest && { digest }) };
}

function parseArchive(kind: ArchiveLocation["kind"], text: string): ArchiveLocation {
  const { path, tag } = splitTag(text.slice(kind.length + 1), text);
  return {
    kind,
    file: requirePart(path, "a file, or - for stdin or stdout", text),
    ...(tag && { tag }),
  };
}

function splitDigest(rest: string): { before: string; digest?: Digest } {
  const at = rest.lastIndexOf("@");
  const suffix = rest.slice(at + 1);
  if (at < 0) return { before: rest };
  if (/^sha(?:256|512):/.test(suffix))
    return { before: rest.slice(0, at), digest: parseDigest(suffix) };
  return isDigest(suffix) ? { before: rest.slice(0, at), digest: suffix } : { before: rest };
}

function splitTag(rest: string, text: string): { path: string; tag?: string } {
  const colon = rest.indexOf(":");
  if (colon < 0) return { path: rest };
  return { path: rest.slice(0, colon), tag: requirePart(rest.slice(colon + 1), "a tag", text) };
}

function requirePart(part: string, what: string, text: string): string {
  if (part !== "" && !part.includes("\0")) return part;
  throw refuse(text, `expected ${what}`, `Write one of ${SCHEMES}.`);
}

function refuse(text: string, why: string, hint: string): OciError {
  return new OciError("invalid-reference", `reference ${JSON.stringify(text)}: ${why}`, {
    details: { reference: text },
    hint,
  });
}

/** The location as text that {@link parseLocation} reads back. */
export function formatLocation(location: Location): string {
  switch (location.kind) {
    case "registry":
      return formatReference(location.reference);
    case "oci":
      return `oci:${location.directory}${suffix(":", location.tag)}${suffix("@", location.digest)}`;
    case "oci-archive":
    case "docker-archive":
      return `${location.kind}:${location.file}${suffix(":", location.tag)}`;
    case "dir":
      return `dir:${location.directory}`;
    case "path":
      return location.path;
  }
}

function suffix(separator: string, part: string | undefined): string {
  return part === undefined ? "" : `${separator}${part}`;
}

/**
 * The store that a location is in, for moving its tags: the location without its tag and digest.
 * @throws OciError `unsupported-operation` for what is written once and whole
 */
export function storeOf(location: Location): Location {
  switch (location.kind) {
    case "registry": {
      const { registry, repository } = location.reference;
      return { kind: "registry", reference: { registry, repository } };
    }
    case "oci":
      return { kind: "oci", directory: location.directory };
    case "path":
      return { kind: "oci", directory: location.path };
    case "oci-archive":
    case "docker-archive":
    case "dir":
      throw new OciError(
        "unsupported-operation",
        `${location.kind}: expected a registry or a layout, whose tags can be moved`,
        { hint: "Copy it into one: oci-kit copy SRC oci:DIR:TAG" },
      );
  }
}

// SPDX-License-Identifier: MIT
import { once, sourceOf } from "../bytes/bytes.ts";
import type { AbortOptions, Source } from "../bytes/bytes.ts";
import { digestBytes } from "../bytes/hash.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { verify } from "../bytes/verify.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isDigest, knownAlgorithm } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import { parseJson } from "../oci/json.ts";
import { MediaType } from "../oci/media-types.ts";
import { quote } from "../oci/quote.ts";
import type { OpenContent } from "../store/read-content.ts";
import { contentPath, pulling, pushing } from "./repository-context.ts";
import type { RepositoryContext } from "./repository-context.ts";
import { redactUrl } from "./hosts.ts";
import { RegistryError } from "./registry-error.ts";
import type { WholeAnswer } from "./transport/transport.ts";
import { formatRoute, parseKnownDigest, parseTagOrDigest } from "./wire/paths.ts";

/**
 * The manifests and indexes of one repository. The most recent ones are cached: they are small and never
 * change.
 */
export interface Manifests {
  resolve(reference: string, options?: AbortOptions): Promise<Descriptor>;
  readonly open: OpenContent;
  push(descriptor: Descriptor, source: Source, options?: AbortOptions): Promise<void>;
  tag(descriptor: Descriptor, tag: string, options?: AbortOptions): Promise<void>;
  forget(digest: Digest): void;
}

export const ACCEPT = [
  MediaType.manifest,
  MediaType.index,
  MediaType.dockerManifest,
  MediaType.dockerManifestList,
].join(", ");

const REMEMBERED = 32;
const REMEMBERED_BYTES = 256 * 1024;

/** Opens the manifests of a repository. */
export function openManifests(context: RepositoryContext): Manifests {
  const { transport, repository, name } = context;
  const limit = transport.limits.documentBytes;
  const known = new Map<Digest, Uint8Array>();

  const remember = (digest: Digest, bytes: Uint8Array): void => {
    if (bytes.length > REMEMBERED_BYTES) return;
    known.delete(digest);
    known.set(digest, bytes);
    const [oldest] = known.keys();
    if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
  };

  const get = (reference: string, options: AbortOptions): Promise<WholeAnswer> =>
    transport.read(
      {
        ...pulling(context),
        method: "GET",
        target: formatRoute({ kind: "manifest", repository, reference }),
        headers: { accept: ACCEPT },
        expect: [200],
        fresh: true,
        signal: options.signal,
      },
      limit,
    );

  const load = async (descriptor: Descriptor, options: AbortOptions): Promise<Uint8Array> => {
    const digest = parseKnownDigest(descriptor.digest);
    const bytes = known.get(digest) ?? (await get(digest, options)).bytes;
    const what = `${name}@${digest}`;
    const verified = await readAll(
      verify(once(bytes), descriptor, { what }),
      limit,
      what,
      "documentBytes",
    );
    remember(digest, verified);
    return verified;
  };

  const put = async (
    descriptor: Descriptor,
    reference: string,
    bytes: Uint8Array,
    options: AbortOptions,
  ): Promise<void> => {
    const answer = await transport.send({
      ...pushing(context),
      method: "PUT",
      target: formatRoute({ kind: "manifest", repository, reference }),
      headers: { "content-type": descriptor.mediaType },
      body: sourceOf(bytes),
      expect: [200, 201, 202],
      signal: options.signal,
    });
    await answer.discard();
    checkHeader(answer, bytes, descriptor.digest);
    remember(descriptor.digest, bytes);
  };

  return {
    resolve: async (text, options = {}) => {
      const reference = parseTagOrDigest(text);
      const answer = await get(reference, options);
      const digest = digestOfAnswer(answer, reference);
      const mediaType = mediaTypeOfAnswer(answer, context);
      remember(digest, answer.bytes);
      return { mediaType, digest, size: answer.bytes.length };
    },
    open: async (descriptor, part, options) => {
      const bytes = await load(descriptor, options);
      return once(part ? bytes.subarray(part.offset, part.offset + part.length) : bytes);
    },
    push: async (descriptor, source, options = {}) => {
      const target = contentPath(context, descriptor);
      const what = `${target} to push`;
      const checked = verify(source.open(options), descriptor, { what });
      await put(
        descriptor,
        descriptor.digest,
        await readAll(checked, limit, what, "documentBytes"),
        options,
      );
    },
    tag: async (descriptor, tag, options = {}) => {
      const reference = parseTagOrDigest(tag);
      await put(descriptor, reference, await load(descriptor, options), options);
    },
    forget: (digest) => void known.delete(digest),
  };
}

/** The digest of the body, checked against the requested digest and the one in the header. */
function digestOfAnswer(answer: WholeAnswer, reference: string): Digest {
  if (isDigest(reference)) {
    checkHeader(answer, answer.bytes, reference);
    const got = digestBytes(answer.bytes, knownAlgorithm(reference));
    if (got !== reference) throw lie(answer, reference, `a body with digest ${got}`);
    return reference;
  }
  return checkHeader(answer, answer.bytes) ?? digestBytes(answer.bytes);
}

/** The digest in the header, checked against the bytes. Undefined when it is absent or its algorithm unknown. */
function checkHeader(
  answer: Pick<WholeAnswer, "header" | "method" | "url" | "status">,
  bytes: Uint8Array,
  expected?: Digest,
): Digest | undefined {
  const header = answer.header("docker-content-digest");
  if (header === undefined || header === "") return undefined;
  if (!isDigest(header)) throw lie(answer, "a digest", `the header ${quote(header)}`);
  const got = digestBytes(bytes, knownAlgorithm(header));
  if (got !== header) throw lie(answer, expected ?? got, `the header ${header}`);
  return header;
}

function lie(
  answer: Pick<WholeAnswer, "method" | "url" | "status">,
  expected: string,
  got: string,
): RegistryError {
  const { method, status } = answer;
  const url = redactUrl(answer.url);
  return new RegistryError(
    "digest-mismatch",
    `${method} ${url}: expected ${expected}, got ${got} (Docker-Content-Digest)`,
    {
      method,
      url,
      status,
      hint: "The registry, or something between, contradicts itself; what it sent can't be trusted.",
    },
  );
}

/** Media types that servers send when they know none; they say nothing about the content. */
const VAGUE = new Set(["", "application/json", "application/octet-stream", "text/plain"]);

/**
 * The media type in the header, if it says anything; the body must agree. Otherwise the same bytes could be
 * read as a manifest here and as an index elsewhere: two images under one digest (CVE-2021-41190).
 */
function mediaTypeOfAnswer(answer: WholeAnswer, context: RepositoryContext): string {
  const header = answer.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  const what = `${context.name}: ${answer.url.pathname}`;
  const body = parseJson(answer.bytes, { what, limits: context.transport.limits });
  const own =
    typeof body === "object" && body !== null && "mediaType" in body ? body.mediaType : undefined;
  if (typeof own === "string" && (own === header || VAGUE.has(header))) return own;
  if (own === undefined && !VAGUE.has(header)) return header;
  throw new RegistryError(
    "invalid-manifest",
    `${what}: expected one media type in the header and in the document, got ${quote(header)} and ${quote(own)}`,
    { method: answer.method, url: redactUrl(answer.url), status: answer.status },
  );
}

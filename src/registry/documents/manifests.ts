// SPDX-License-Identifier: MIT
import { once, sourceOf } from "../../bytes/bytes.ts";
import type { AbortOptions, Source } from "../../bytes/bytes.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { verify } from "../../bytes/verify.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { MediaType } from "../../oci/media-types.ts";
import { changedMeanwhile } from "../../store/changed-meanwhile.ts";
import type { OpenContent } from "../../store/read-content.ts";
import type { TagOptions } from "../../store/store.ts";
import { contentPath, isDocumentType, pulling, pushing } from "../repository-context.ts";
import type { RepositoryContext } from "../repository-context.ts";
import type { Answer } from "../exchange.ts";
import type { WholeAnswer } from "../transport/transport.ts";
import { formatRoute, parseKnownDigest, parseTagOrDigest } from "../wire/paths.ts";
import { checkDigestHeader, digestHeaderOf, digestOfAnswer } from "./digest-header.ts";
import { contentLengthOf } from "../wire/content-length.ts";
import { isWebPage } from "../web-page.ts";
import { contentTypeOf, documentTypeOf, pageForDocument } from "./document-type.ts";

/**
 * The manifests and indexes of one repository. The most recent ones are cached: they are small and never
 * change.
 */
export interface Manifests {
  resolve(reference: string, options?: AbortOptions): Promise<Descriptor>;
  /**
   * The manifest or index with this digest; undefined when there is none. Distribution answers with status 500
   * for the digest of a blob, which it tries to parse.
   */
  find(digest: Digest, options: AbortOptions): Promise<Descriptor | undefined>;
  /**
   * What a tag or a digest names, as the answer to HEAD says it; nothing is verified. Resolved where HEAD is
   * refused, or says too little.
   */
  lookUp(reference: string, options?: AbortOptions): Promise<Descriptor>;
  /** The verified bytes of a manifest or index. */
  read(descriptor: Descriptor, options?: AbortOptions): Promise<Uint8Array>;
  readonly open: OpenContent;
  /** Puts it under its digest, or only under the tag `as`: a registry stores it all the same. */
  push(
    descriptor: Descriptor,
    source: Source,
    options?: TagOptions & { readonly as?: string },
  ): Promise<void>;
  tag(descriptor: Descriptor, tag: string, options?: TagOptions): Promise<void>;
  /** Puts bytes, which are those of the descriptor, under a tag or a digest. */
  put(
    descriptor: Descriptor,
    reference: string,
    bytes: Uint8Array,
    options: TagOptions,
  ): Promise<void>;
  forget(digest: Digest): void;
}

/** A manifest or index that the registry has taken. */
export interface StoredManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  /** Whether the registry said that it keeps the list of the subject's referrers (`OCI-Subject`). */
  readonly isListed: boolean;
}

/** What else is to be done where a manifest or index is stored. */
export interface StoringManifests {
  /** Around the request that stores it. */
  readonly storing: <T>(store: () => Promise<T>, options: AbortOptions) => Promise<T>;
  /** After each that the registry has taken. */
  readonly onStored: (stored: StoredManifest, options: AbortOptions) => Promise<void>;
}

export const ACCEPT = [
  MediaType.manifest,
  MediaType.index,
  MediaType.dockerManifest,
  MediaType.dockerManifestList,
].join(", ");

const REMEMBERED = 32;
const REMEMBERED_BYTES = 256 * 1024;

/** Statuses of HEAD after which GET is asked: refusals, and 404, which some registries answer to any HEAD. */
const ASK_GET = [400, 403, 404, 405, 406, 415, 501];

/** Opens the manifests of a repository. */
export function openManifests(
  context: RepositoryContext,
  { storing, onStored }: StoringManifests,
): Manifests {
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

  const get = (
    reference: string,
    options: AbortOptions,
    expect: readonly number[] = [200],
  ): Promise<WholeAnswer> =>
    transport.read(
      {
        ...pulling(context),
        method: "GET",
        target: formatRoute({ kind: "manifest", repository, reference }),
        headers: { accept: ACCEPT },
        expect,
        fresh: true,
        signal: options.signal,
      },
      limit,
    );

  /** A web page is told as such, rather than as a manifest that was cut short. */
  const fetchDocument = async (digest: Digest, options: AbortOptions): Promise<WholeAnswer> => {
    const answer = await get(digest, options);
    if (isWebPage(answer.bytes)) throw pageForDocument(answer);
    return answer;
  };

  const load = async (descriptor: Descriptor, options: AbortOptions): Promise<Uint8Array> => {
    const digest = parseKnownDigest(descriptor.digest);
    const bytes = known.get(digest) ?? (await fetchDocument(digest, options)).bytes;
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
    options: TagOptions,
  ): Promise<void> => {
    const answer = await storing(async () => {
      const stored = await transport.send({
        ...pushing(context),
        method: "PUT",
        target: formatRoute({ kind: "manifest", repository, reference }),
        headers: { "content-type": descriptor.mediaType, ...conditionOf(options) },
        body: sourceOf(bytes),
        expect: options.ifNames === undefined ? [200, 201, 202] : [200, 201, 202, 412],
        signal: options.signal,
      });
      await stored.discard();
      return stored;
    }, options);
    if (answer.status === 412) {
      throw changedMeanwhile(`${name}:${reference}`, options.ifNames ?? null, undefined);
    }
    checkDigestHeader(answer, bytes, descriptor.digest);
    remember(descriptor.digest, bytes);
    await onStored(
      { descriptor, bytes, isListed: answer.header("oci-subject") !== undefined },
      options,
    );
  };

  const describeAnswer = (answer: WholeAnswer, reference: string): Descriptor => {
    const mediaType = documentTypeOf(answer, transport.limits);
    const digest = digestOfAnswer(answer, reference);
    remember(digest, answer.bytes);
    return { mediaType, digest, size: answer.bytes.length };
  };

  const resolve: Manifests["resolve"] = async (text, options = {}) => {
    const reference = parseTagOrDigest(text);
    return describeAnswer(await get(reference, options), reference);
  };

  return {
    resolve,
    find: async (digest, options) => {
      const answer = await get(parseKnownDigest(digest), options, [200, 404, 500]);
      return answer.status === 200 ? describeAnswer(answer, digest) : undefined;
    },
    lookUp: async (text, options = {}) => {
      const reference = parseTagOrDigest(text);
      const answer = await transport.send({
        ...pulling(context),
        method: "HEAD",
        target: formatRoute({ kind: "manifest", repository, reference }),
        headers: { accept: ACCEPT },
        expect: [200, ...ASK_GET],
        signal: options.signal,
      });
      await answer.discard();
      return describeHead(answer, reference) ?? resolve(text, options);
    },
    read: (descriptor, options = {}) => load(descriptor, options),
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
        options.as === undefined ? descriptor.digest : parseTagOrDigest(options.as),
        await readAll(checked, limit, what, "documentBytes"),
        options,
      );
    },
    tag: async (descriptor, tag, options = {}) => {
      const reference = parseTagOrDigest(tag);
      await put(descriptor, reference, await load(descriptor, options), options);
    },
    put,
    forget: (digest) => void known.delete(digest),
  };
}

/**
 * What a registry that heeds conditions compares before it sets a tag (RFC 9110, 13.1): the entity tag of a manifest is
 * its quoted digest at distribution and at ours. The distribution specification has no conditional PUT, and a
 * registry without them ignores these.
 */
function conditionOf({ ifNames }: TagOptions): Readonly<Record<string, string>> {
  if (ifNames === undefined) return {};
  return ifNames === null ? { "if-none-match": "*" } : { "if-match": `"${ifNames}"` };
}

/** The descriptor that the answer to HEAD gives; undefined when it lacks a part. */
function describeHead(answer: Answer, reference: string): Descriptor | undefined {
  if (answer.status !== 200) return undefined;
  const mediaType = contentTypeOf(answer);
  const digest = digestHeaderOf(answer, reference);
  const size = contentLengthOf(answer.header("content-length"));
  if (digest === undefined || size === undefined || !isDocumentType(mediaType)) return undefined;
  return { mediaType, digest: parseKnownDigest(digest), size };
}

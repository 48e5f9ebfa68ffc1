// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes, Source } from "../../bytes/bytes.ts";
import { exactly } from "../../bytes/streams/cut-bytes.ts";
import { drain } from "../../bytes/streams/read-all.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Upload, UploadState, Uploads } from "../../store/upload.ts";
import { pushing } from "../repository-context.ts";
import type { RepositoryContext } from "../repository-context.ts";
import type { Answer } from "../exchange.ts";
import { redactUrl } from "../hosts.ts";
import { RegistryError } from "../registry-error.ts";
import { holdBack } from "../transport/hold-back.ts";
import type { RegistryRequest } from "../transport/transport.ts";
import { formatRoute, parseKnownDigest } from "../wire/paths.ts";
import { withDigest } from "../wire/upload-location.ts";
import {
  checkLocation,
  checkReceived,
  chunkLeastOf,
  receivedOf,
  uploadLocation,
} from "./upload-answers.ts";

/** An upload to a registry (distribution-spec, "Pushing blobs"). Each part is one PATCH. */
export interface RegistryUpload extends Upload {
  readonly state: RegistryUploadState;
  /**
   * Sends all of the content and finishes the upload in one PUT, which every registry supports. `whole` must
   * have a `size`.
   */
  finishWith(digest: Digest, whole: Source, options?: AbortOptions): Promise<void>;
}

/** What it takes to go on with an upload to a registry. */
export interface RegistryUploadState extends UploadState {
  /** The least bytes of each part but the last, where the registry says so (`OCI-Chunk-Min-Length`). */
  readonly chunkLeast?: number | undefined;
}

/** The uploads to a repository. */
export function registryUploads(context: RepositoryContext): Uploads {
  return {
    begin: (options) => beginUpload(context, options),
    resume: (state, options) => resumeUpload(context, state, options),
  };
}

/** POST: starts an empty upload. */
export async function beginUpload(
  context: RepositoryContext,
  options: AbortOptions = {},
): Promise<RegistryUpload> {
  const answer = await context.transport.send({
    ...pushing(context),
    method: "POST",
    target: formatRoute({ kind: "uploads", repository: context.repository }),
    headers: { "content-length": "0" },
    expect: [202],
    signal: options.signal,
  });
  await answer.discard();
  const location = uploadLocation(context, answer);
  context.learned.checksManifests ||= isDistribution(location);
  return openUpload(context, location, 0, chunkLeastOf(answer));
}

/**
 * Whether an upload is at distribution or what is made of it (Harbor, GitLab's, Docker Hub): they keep the state of an
 * upload in its address, and verify all that a manifest names (registry/storage/ocimanifesthandler.go).
 */
function isDistribution(location: URL): boolean {
  return location.searchParams.has("_state");
}

/**
 * GET: continues an upload that was started earlier, from the position that the registry reports.
 * @throws RegistryError `not-found`; `redirect-refused` for a location at another host
 */
export async function resumeUpload(
  context: RepositoryContext,
  { location, chunkLeast }: RegistryUploadState,
  options: AbortOptions = {},
): Promise<RegistryUpload> {
  const { origin } = context.transport;
  await context.transport.settled();
  const answer = await context.transport.send({
    ...pushing(context),
    method: "GET",
    target: checkLocation(context, location, origin, { method: "GET" }),
    expect: [202, 204],
    signal: options.signal,
  });
  await answer.discard();
  const moved = answer.header("location") === undefined ? answer.url : undefined;
  const next = moved ?? uploadLocation(context, answer);
  return openUpload(context, next, receivedOf(answer), chunkLeast);
}

/** An upload at a location that the registry named, of which it has `received` bytes. */
export function openUpload(
  context: RepositoryContext,
  begunAt: URL,
  received: number,
  chunkLeast?: number,
): RegistryUpload {
  let location = begunAt;
  let offset = received;
  const send = async (
    request: Pick<RegistryRequest, "method" | "target" | "expect"> & Partial<RegistryRequest>,
  ): Promise<Answer> => {
    const answer = await context.transport.send({ ...pushing(context), once: true, ...request });
    await answer.discard();
    return answer;
  };
  const put = async (digest: Digest, rest: Partial<RegistryRequest>): Promise<void> => {
    const target = withDigest(location, parseKnownDigest(digest));
    await send({ ...rest, method: "PUT", target, expect: [201] });
  };
  return {
    get offset() {
      return offset;
    },
    get state() {
      return { location: location.href, ...(chunkLeast !== undefined && { chunkLeast }) };
    },
    append: async (bytes, length, { signal } = {}) => {
      const part = exactly(bytes, length, `${context.name}: part of an upload`);
      if (length === 0) {
        await drain(part);
        return;
      }
      const answer = await send({
        method: "PATCH",
        target: location,
        headers: { ...OCTETS, "content-range": `${offset}-${offset + length - 1}` },
        body: onceOnly(holdBack(part, length), length, redactUrl(location)),
        expect: [201, 202, 204],
        signal,
      });
      location = uploadLocation(context, answer);
      checkReceived(answer, offset + length);
      offset += length;
    },
    finish: async (digest, { signal } = {}) => {
      try {
        await put(digest, { headers: { "content-length": "0" }, signal });
      } catch (error) {
        throw isOtherContent(error) ? mismatch(error, digest) : error;
      }
    },
    finishWith: (digest, whole, { signal } = {}) =>
      put(digest, { headers: OCTETS, body: whole, signal }),
    cancel: async () => {
      // Best effort: registries drop unfinished uploads themselves, after days.
      await send({ method: "DELETE", target: location, expect: [202, 204, 404] }).catch(
        () => undefined,
      );
    },
  };
}

const OCTETS = { "content-type": "application/octet-stream" };

function isOtherContent(error: unknown): error is RegistryError {
  return (
    error instanceof RegistryError &&
    error.registryErrors.some(({ code }) => code === "DIGEST_INVALID")
  );
}

/** The error when the registry, which alone has seen all of the bytes, rejects the digest. */
function mismatch(cause: RegistryError, digest: Digest): RegistryError {
  const { method, url, status, message } = cause;
  return new RegistryError(
    "digest-mismatch",
    `upload: expected ${digest}, got something else, as the registry says: ${message}`,
    { method, url, status, cause },
  );
}

/** A part can be read only once. If the request has to be sent again, the upload must be resumed instead. */
function onceOnly(part: Bytes, size: number, url: string): Source {
  let isOpen = false;
  return {
    size,
    open: () => {
      if (!isOpen) {
        isOpen = true;
        return part;
      }
      throw new RegistryError("unreachable", `PATCH ${url}: expected to send the part once`, {
        method: "PATCH",
        url,
        transient: true,
      });
    },
  };
}

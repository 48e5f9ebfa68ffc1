// SPDX-License-Identifier: MIT
import type { AbortOptions, Source } from "../../bytes/bytes.ts";
import { skip } from "../../bytes/streams/cut-bytes.ts";
import { verify } from "../../bytes/verify.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { pushing } from "../repository-context.ts";
import type { RepositoryContext } from "../repository-context.ts";
import type { Answer } from "../exchange.ts";
import { RegistryError } from "../registry-error.ts";
import { holdBack } from "../transport/hold-back.ts";
import { createPatience, isTransient } from "../transport/persist.ts";
import { formatRoute, parseKnownDigest } from "../wire/paths.ts";
import { beginUpload, openUpload, resumeUpload } from "./registry-upload.ts";
import type { RegistryUpload } from "./registry-upload.ts";
import { uploadLocation } from "./upload-answers.ts";

/** Pushes blobs to one repository. */
export interface BlobPushes {
  /**
   * Sends a blob even if it is already there: POST, then one PUT. When that breaks, the upload continues by
   * PATCH from what the registry has kept; when it has kept nothing, or can't continue, a new upload is
   * started.
   */
  push(descriptor: Descriptor, source: Source, options?: AbortOptions): Promise<void>;
  /**
   * Mounts a blob from another repository. False when the registry declined; if it started an upload instead
   * (202), the next push of this blob continues that upload.
   */
  mount(descriptor: Descriptor, from: string, options?: AbortOptions): Promise<boolean>;
}

/**
 * Opens the blobs of a repository for writing.
 * @param exists whether the repository has the blob. Used when an upload is gone: perhaps it had succeeded
 * and only the answer was lost.
 */
export function openBlobPushes(
  context: RepositoryContext,
  exists: ReadableStore["exists"],
): BlobPushes {
  const begun = new Map<Digest, URL>();
  const begin = async (digest: Digest, options: AbortOptions): Promise<RegistryUpload> => {
    const location = begun.get(digest);
    begun.delete(digest);
    return location === undefined
      ? beginUpload(context, options)
      : openUpload(context, location, 0);
  };
  return {
    push: async (descriptor, source, options = {}) => {
      const digest = parseKnownDigest(descriptor.digest);
      let upload: RegistryUpload | undefined;
      let isResumed = false;
      // A registry that can't continue an upload may still accept a new one, whatever error it gives.
      const isWorthAnother = (error: unknown): boolean =>
        isInterruption(error) || isLost(error) || (isResumed && isRegistryError(error));
      const patience = createPatience(context.transport.retry, isWorthAnother);
      for (;;) {
        try {
          const before = upload;
          upload = before && (await resume(context, before, descriptor, options));
          isResumed = upload !== undefined;
          if (before && !isResumed && (await exists(descriptor, options))) return;
          upload ??= await begin(digest, options);
          await complete(context, upload, descriptor, source, options);
          return;
        } catch (error) {
          const ends = !isInterruption(error);
          if (ends) await upload?.cancel();
          await patience.afterFailure(error, upload?.offset ?? 0, options.signal);
          if (ends) upload = undefined;
        }
      }
    },
    mount: async (descriptor, from, options = {}) => {
      const digest = parseKnownDigest(descriptor.digest);
      const answer = await askMount(context, digest, from, options);
      if (answer?.status === 202) begun.set(digest, uploadLocation(context, answer));
      return answer?.status === 201;
    },
  };
}

/** The upload in its current state; undefined when the registry no longer knows it or does not report its state. */
async function resume(
  context: RepositoryContext,
  { state }: RegistryUpload,
  { size }: Descriptor,
  options: AbortOptions,
): Promise<RegistryUpload | undefined> {
  try {
    const upload = await resumeUpload(context, state, options);
    return upload.offset <= size ? upload : undefined;
  } catch (error) {
    if (isRegistryError(error) && !error.transient) return undefined;
    throw error;
  }
}

/**
 * Sends what the upload lacks. The source is always read from its start, because only the whole can be
 * verified.
 */
async function complete(
  context: RepositoryContext,
  upload: RegistryUpload,
  descriptor: Descriptor,
  source: Source,
  options: AbortOptions,
): Promise<void> {
  const { digest, size } = descriptor;
  const what = `${context.name}: ${digest} to push`;
  const content: Source = {
    size,
    open: ({ signal } = {}) =>
      holdBack(verify(source.open({ signal }), descriptor, { what }), size),
  };
  const { offset } = upload;
  if (offset === 0) return upload.finishWith(digest, content, options);
  await upload.append(skip(content.open(options), offset), size - offset, options);
  await upload.finish(digest, options);
}

function isRegistryError(error: unknown): error is RegistryError {
  return error instanceof RegistryError;
}

/** Whether the upload may still exist. With 409 or 416 the registry was still busy with earlier bytes. */
function isInterruption(error: unknown): boolean {
  if (isTransient(error)) return true;
  return (
    isRegistryError(error) && error.method === "PATCH" && [409, 416].includes(error.status ?? 0)
  );
}

/** Whether the registry no longer knows the upload, for example because it was started by a mount long ago. */
function isLost(error: unknown): boolean {
  return (
    isRegistryError(error) &&
    error.status === 404 &&
    error.registryErrors.some(({ code }) => code === "BLOB_UPLOAD_UNKNOWN")
  );
}

async function askMount(
  context: RepositoryContext,
  digest: Digest,
  from: string,
  options: AbortOptions,
): Promise<Answer | undefined> {
  const path = formatRoute({ kind: "uploads", repository: context.repository });
  try {
    const answer = await context.transport.send({
      ...pushing(context, from),
      method: "POST",
      target: `${path}?mount=${digest}&from=${encodeURIComponent(from)}`,
      headers: { "content-length": "0" },
      expect: [201, 202],
      signal: options.signal,
    });
    await answer.discard();
    return answer;
  } catch (error) {
    const status = isRegistryError(error) ? (error.status ?? 500) : 500;
    if (status >= 400 && status < 500 && status !== 429) return undefined;
    throw error;
  }
}

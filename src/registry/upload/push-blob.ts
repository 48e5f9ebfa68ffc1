// SPDX-License-Identifier: MIT
import type { AbortOptions, Source } from "../../bytes/bytes.ts";
import { skip } from "../../bytes/cut-bytes.ts";
import { verify } from "../../bytes/verify.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { pushing } from "../context.ts";
import type { RepositoryContext } from "../context.ts";
import type { Answer } from "../exchange.ts";
import { RegistryError } from "../registry-error.ts";
import { holdBack } from "../transport/hold-back.ts";
import { createPatience, isTransient } from "../transport/persist.ts";
import { formatRoute, parseKnownDigest } from "../wire/paths.ts";
import { beginUpload, openUpload, resumeUpload, uploadLocation } from "./registry-upload.ts";
import type { RegistryUpload } from "./registry-upload.ts";

/** Blobs on their way to one repository. */
export interface BlobPushes {
  /**
   * Sends a blob whether it is there or not: POST, then one PUT. Where that breaks, the upload is gone on
   * with from what the registry has kept, by PATCH; where it has kept nothing, or can't go on, anew.
   */
  push(descriptor: Descriptor, source: Source, options?: AbortOptions): Promise<void>;
  /**
   * Takes a blob over from another repository. False when the registry would not; the upload that it
   * began instead (202) is what the next push of this blob goes on with.
   */
  mount(descriptor: Descriptor, from: string, options?: AbortOptions): Promise<boolean>;
}

/** Opens the blobs of a repository for writing. */
export function openBlobPushes(context: RepositoryContext): BlobPushes {
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
      const patience = createPatience(
        context.transport.retry,
        (error) => isInterruption(error) || isLost(error) || (isResumed && isRegistryError(error)),
      );
      try {
        for (;;) {
          try {
            upload =
              (upload && (await resume(context, upload, descriptor, options))) ??
              (await begin(digest, options));
            isResumed = upload.offset > 0;
            await complete(context, upload, descriptor, source, options);
            return;
          } catch (error) {
            await patience.afterFailure(error, upload?.offset ?? 0, options.signal);
            if (isInterruption(error)) continue;
            await upload?.cancel();
            upload = undefined;
          }
        }
      } catch (error) {
        await upload?.cancel();
        throw error;
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

/** The upload as the registry has it now; undefined when it has forgotten it or does not say. */
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

/** Sends what the upload lacks. The source is read from its start each time: only the whole can be verified. */
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

/** Whether the upload may still be there; 409 and 416: the registry was still busy with what had come before. */
function isInterruption(error: unknown): boolean {
  if (isTransient(error)) return true;
  return (
    isRegistryError(error) && error.method === "PATCH" && [409, 416].includes(error.status ?? 0)
  );
}

/** An upload that the registry has forgotten (or that a mount began too long ago) is begun anew. */
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

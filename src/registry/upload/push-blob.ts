// SPDX-License-Identifier: MIT
import type { AbortOptions, Source } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { Answer } from "../exchange.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { parseKnownDigest } from "../wire/paths.ts";
import { explainDeadline, refuseTooLarge } from "./blob-limits.ts";
import { BlobPush, type PushBlobOptions } from "./blob-push.ts";
import { askMount } from "./mount-blob.ts";
import { openRecordOf } from "./record-upload.ts";
import { beginUpload, openUpload, type RegistryUpload } from "./registry-upload.ts";
import { createUploadPace } from "./upload-pace.ts";
import { uploadLocation } from "./upload-answers.ts";

/** Pushes blobs to one repository. */
export interface BlobPushes {
  /**
   * Sends a blob even if it is already there: in one PUT, or in chunks where the registry's habits or its answers
   * ask for them. An upload that breaks continues from what the registry has kept, also in another process: it is
   * recorded in the journal, and is cancelled only when nothing can come of it.
   * @throws OciError `limit-exceeded` for a blob that the registry is known not to take
   */
  push(descriptor: Descriptor, source: Source, options?: PushBlobOptions): Promise<void>;
  /**
   * Mounts a blob from another repository. False when the registry did not, for whatever reason; if it started an
   * upload instead (202), the next push of this blob continues that upload.
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
  const pace = createUploadPace({
    uploadTime: context.habits.uploadTime,
    onRate: context.onUploadRate,
  });
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
      refuseTooLarge(context, descriptor);
      const since = performance.now();
      const record = await openRecordOf(context, descriptor);
      const push = new BlobPush(
        context,
        { descriptor, source, record },
        {
          begin: () => begin(digest, options),
          exists: () => exists(descriptor, options),
          pace,
        },
      );
      try {
        await push.run(options);
      } catch (error) {
        throw explainDeadline(context, error, performance.now() - since);
      }
    },
    mount: async (descriptor, from, options = {}) => {
      const digest = parseKnownDigest(descriptor.digest);
      if (!context.habits.mounts) return false;
      const answer = await askMount(context, digest, from, options);
      const location = answer?.status === 202 ? usableLocation(context, answer) : undefined;
      if (location !== undefined) begun.set(digest, location);
      return answer?.status === 201;
    },
  };
}

/** Undefined for a location that nothing is sent to: then the push begins an upload of its own. */
function usableLocation(context: RepositoryContext, answer: Answer): URL | undefined {
  try {
    return uploadLocation(context, answer);
  } catch {
    return undefined;
  }
}

// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes, Source } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";

/**
 * Everything needed to continue an upload, even in another process, as JSON. It does not say how much has
 * arrived: the store knows that better. Keep it private, because a registry may have put a secret into it.
 */
export interface UploadState {
  /** The store's own name for the upload. The store checks it again when it is used. */
  readonly location: string;
}

/**
 * Content on its way into a store, part by part. Nothing of it is visible before {@link Upload.finish}. An
 * upload serves one caller, who makes one call at a time.
 */
export interface Upload {
  /** How many bytes the store has: the position at which the next part begins. */
  readonly offset: number;
  /** May change with each part. */
  readonly state: UploadState;
  /**
   * Adds exactly `length` bytes. If that fails, any number of them may have arrived and this handle can't be
   * used any more: get a new one from {@link Uploads.resume}.
   * @throws OciError `size-mismatch`; any error of `bytes`
   */
  append(bytes: Bytes, length: number, options?: AbortOptions): Promise<void>;
  /**
   * Ends the upload and makes the content visible. By then the store has verified all of it, including parts
   * that an earlier process sent. A failure ends the upload too.
   * @throws OciError `digest-mismatch`, `unsupported-algorithm`
   */
  finish(digest: Digest, options?: AbortOptions): Promise<void>;
  /** Gives the upload up, and leaves nothing behind. Idempotent. */
  cancel(): Promise<void>;
}

/** Uploads into one store. A store drops uploads that are not continued for some hours or days. */
export interface Uploads {
  begin(options?: AbortOptions): Promise<Upload>;
  /** @throws OciError `not-found` when the store no longer has this upload: start a new one */
  resume(state: UploadState, options?: AbortOptions): Promise<Upload>;
}

/**
 * Sends what an upload still lacks, opening the source at that position, and ends the upload. The store
 * verifies the whole content. If the source fails, the upload stays and can be resumed.
 * @throws OciError `size-mismatch`, `digest-mismatch`; any error of the source and of the store
 */
export async function completeUpload(
  upload: Upload,
  { digest, size }: Descriptor,
  source: Source,
  { signal }: AbortOptions = {},
): Promise<void> {
  const { offset } = upload;
  if (offset > size) {
    throw new OciError(
      "size-mismatch",
      `upload: expected at most the ${size} bytes of ${digest}, got ${offset}`,
      { details: { digest, expected: size, got: offset } },
    );
  }
  await upload.append(source.open({ offset, signal }), size - offset, { signal });
  await upload.finish(digest, { signal });
}

/** As {@link completeUpload}, for an upload that nobody will resume: after a failure nothing stays behind. */
export async function completeOrCancel(
  upload: Upload,
  descriptor: Descriptor,
  source: Source,
  options?: AbortOptions,
): Promise<void> {
  try {
    await completeUpload(upload, descriptor, source, options);
  } catch (error) {
    await upload.cancel();
    throw error;
  }
}

/** The error for an upload that its store does not have. */
export function noSuchUpload(store: string): OciError {
  return new OciError(
    "not-found",
    `${store}: expected an upload to go on with, got none of that name`,
    {
      hint: "It was ended, or given up because nobody went on with it. Begin anew.",
    },
  );
}

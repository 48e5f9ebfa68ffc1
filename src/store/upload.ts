// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes, Source } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";

/**
 * All that it takes to go on with an upload, in another process too: JSON. How much has arrived is not in
 * it, because the store knows better. A registry may have put a secret into it: keep it private.
 */
export interface UploadState {
  /** The store's own name for the upload, judged anew when it comes back. */
  readonly location: string;
}

/**
 * Content on its way into a store, part by part. Nothing of it is visible before {@link Upload.finish}.
 * For one caller, who does one thing at a time.
 */
export interface Upload {
  /** Bytes that the store has: where the next part begins. */
  readonly offset: number;
  /** May change with each part. */
  readonly state: UploadState;
  /**
   * Adds exactly so many bytes. When that fails, any number of them may have arrived, and this handle
   * no longer knows: {@link Uploads.resume} gives one that does.
   * @throws OciError `size-mismatch`; what `bytes` throws
   */
  append(bytes: Bytes, length: number, options?: AbortOptions): Promise<void>;
  /**
   * Ends the upload: from now on the content is there. The store has verified all of it, what an earlier
   * process brought included. What fails here ends the upload too.
   * @throws OciError `digest-mismatch`, `unsupported-algorithm`
   */
  finish(digest: Digest, options?: AbortOptions): Promise<void>;
  /** Gives up, and leaves nothing behind. Idempotent. */
  cancel(): Promise<void>;
}

/** Uploads into one store. A store forgets those that nobody goes on with, after hours or days. */
export interface Uploads {
  begin(options?: AbortOptions): Promise<Upload>;
  /** @throws OciError `not-found` when the store has no such upload any more: begin anew */
  resume(state: UploadState, options?: AbortOptions): Promise<Upload>;
}

/**
 * Brings what an upload lacks from a source, which is opened just there, and ends it. The store verifies
 * the whole. Where the source fails, the upload stays and can be resumed.
 * @throws OciError `size-mismatch`, `digest-mismatch`; what the source and the store throw
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

/** As {@link completeUpload}, for an upload that nobody could resume: when it fails, nothing stays behind. */
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

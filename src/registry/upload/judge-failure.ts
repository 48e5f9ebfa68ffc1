// SPDX-License-Identifier: MIT
import { isOciError } from "../../oci/errors.ts";
import { RegistryError } from "../registry-error.ts";
import { isTransient } from "../transport/persist.ts";

/**
 * What a failure means for an upload:
 * - `resume`: it may still be there, and can be continued.
 * - `anew`: it is gone or can't be continued; another one may succeed.
 * - `other-way`: the registry does not take content in this form.
 * - `leave`: the work ends here, and may go on from this upload later.
 * - `give-up`: nothing will make this upload succeed.
 */
export type Verdict = "resume" | "anew" | "other-way" | "leave" | "give-up";

/** What is known of the attempt that failed. */
export interface Attempt {
  /** The source failed, rather than the registry. */
  readonly hasSourceFailed: boolean;
  /** The upload was not begun by this attempt. */
  readonly isResumed: boolean;
  /** How often the registry has answered at this place that bytes do not fit: see {@link isOutOfStep}. */
  readonly outOfStep: number;
  readonly isChunked: boolean;
}

/** So often it may be that the registry has only not noticed yet that an earlier connection broke. */
const PATIENT = 3;

/** Judges the failure of an attempt to send a blob. */
export function judgeFailure(error: unknown, attempt: Attempt): Verdict {
  const isContent = isOciError(error, "digest-mismatch", "size-mismatch", "unsupported-algorithm");
  if (attempt.hasSourceFailed || !(error instanceof RegistryError)) {
    return isContent ? "give-up" : "leave";
  }
  if (error.code === "unauthorized" || error.code === "redirect-refused") return "leave";
  if (isOutOfStep(error)) {
    if (attempt.outOfStep < PATIENT) return "resume";
    return attempt.isChunked ? "other-way" : "anew";
  }
  if (isTransient(error)) return "resume";
  if (isLost(error) || attempt.isResumed) return "anew";
  return "other-way";
}

/** The registry may be busy with earlier bytes, or has others than we think. Some answer so to a chunk that is too long. */
export function isOutOfStep(error: unknown): boolean {
  return (
    error instanceof RegistryError &&
    error.method === "PATCH" &&
    (error.status === 409 || error.status === 416)
  );
}

/** Whether the registry no longer knows the upload, for example because it was started by a mount long ago. */
function isLost({ status, registryErrors }: RegistryError): boolean {
  return status === 404 && registryErrors.some(({ code }) => code === "BLOB_UPLOAD_UNKNOWN");
}

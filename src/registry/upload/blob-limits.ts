// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { limitExceeded } from "../../oci/limits.ts";
import { RegistryError } from "../registry-error.ts";
import type { RepositoryContext } from "../repository-context.ts";

/** @throws OciError `limit-exceeded` for a blob that the registry is known not to take */
export function refuseTooLarge(
  { habits, name }: RepositoryContext,
  { digest, size }: Descriptor,
): void {
  const { blobBytes } = habits;
  if (blobBytes === undefined || size <= blobBytes) return;
  throw limitExceeded({
    what: `${name}: ${digest} to push`,
    allowed: blobBytes,
    got: size,
    unit: `bytes, which is the most that ${habits.name} takes as one layer`,
    instead: "Nothing of it was sent. Make the layer smaller, or several of it.",
    details: { digest },
  });
}

/** The error, with what is known of the registry's deadline where that may have caused it. */
export function explainDeadline(
  { habits }: RepositoryContext,
  error: unknown,
  milliseconds: number,
): unknown {
  const { uploadTime, name } = habits;
  if (!(error instanceof RegistryError) || uploadTime === undefined) return error;
  if (milliseconds < uploadTime) return error;
  const { code, message, ...fields } = error;
  const minutes = Math.round(uploadTime / 60_000);
  return new RegistryError(code, message, {
    ...fields,
    cause: error,
    hint: `${name} ends uploads after ${minutes} minutes: use a faster line, or make the layer smaller.`,
  });
}

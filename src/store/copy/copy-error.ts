// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { ReadableStore } from "../store.ts";

/** What a copy was doing. */
export type CopyOperation = "read" | "check" | "mount" | "send" | "tag";
/** Where it failed. */
export type CopySide = "source" | "target";

/** A failed copy: the operation, the content, and the side that failed. Its code is that of the cause. */
export class CopyError extends OciError {
  override readonly name = "CopyError";
  readonly operation: CopyOperation;
  readonly side: CopySide;
  readonly descriptor: Descriptor;

  constructor(
    operation: CopyOperation,
    side: CopySide,
    descriptor: Descriptor,
    store: string,
    cause: OciError,
  ) {
    super(
      cause.code,
      `copy: could not ${operation} ${descriptor.digest}, the ${side} ${store} failed: ${cause.message}`,
      {
        details: { ...cause.details, operation, side, descriptor },
        ...(cause.hint === undefined ? {} : { hint: cause.hint }),
        cause,
      },
    );
    this.operation = operation;
    this.side = side;
    this.descriptor = descriptor;
  }
}

/**
 * Does work on one side, and turns its OciError into a CopyError. Other errors pass unchanged.
 * @throws CopyError
 */
export async function blaming<T>(
  operation: CopyOperation,
  side: CopySide,
  descriptor: Descriptor,
  store: ReadableStore,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw blame(operation, side, descriptor, store, error);
  }
}

/**
 * Makes the error that says which side failed at what. An error from outside this library is returned
 * unchanged.
 */
export function blame(
  operation: CopyOperation,
  side: CopySide,
  descriptor: Descriptor,
  store: ReadableStore,
  error: unknown,
): unknown {
  return isOciError(error) ? new CopyError(operation, side, descriptor, store.name, error) : error;
}

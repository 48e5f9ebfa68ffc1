// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError, type ErrorCode } from "../../oci/errors.ts";
import { limitExceeded, type Limits } from "../../oci/limits.ts";

/** The failures that the bytes of a layer can cause. */
type FaultCode = Extract<ErrorCode, "invalid-layer" | "truncated" | "limit-exceeded">;

/** The hint and the details of the {@link OciError} that a fault becomes. */
interface FaultOptions {
  readonly hint?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** An error in a layer, thrown by code that does not know which entry is being read. {@link locateFault} adds that. */
export class LayerFault extends Error {
  readonly code: FaultCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: FaultCode, message: string, { hint, details = {} }: FaultOptions = {}) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.details = details;
  }
}

/** The entry that was being read when something went wrong. */
export interface FaultyEntry {
  /** What the layer is called. */
  readonly what: string;
  readonly ordinal: number;
  readonly offset: number;
  /** Undefined until the headers are decoded. */
  readonly path: ByteString | undefined;
}

/** Makes the error that users of the parser see: the fault, with the entry that it is in. */
export function locateFault(fault: LayerFault, faulty: FaultyEntry): OciError {
  const { what, ordinal, offset, path } = faulty;
  const name = path === undefined ? "" : ` "${toText(path)}"`;
  return new OciError(
    fault.code,
    `${what}: entry ${ordinal}${name} at byte ${offset}: ${fault.message}`,
    {
      details: {
        ...fault.details,
        entry: ordinal,
        offset,
        ...(path === undefined ? {} : { path }),
      },
      ...(fault.hint === undefined ? {} : { hint: fault.hint }),
      cause: fault,
    },
  );
}

/**
 * @param unit what is counted, to be read after a number
 * @throws LayerFault `limit-exceeded` when `got` is above `allowed`, which is the limit of that name
 */
export function checkLimit(got: number, allowed: number, unit: string, limit: keyof Limits): void {
  if (got <= allowed) return;
  const { message, hint, details } = limitExceeded({ limit, allowed, got, unit });
  throw new LayerFault("limit-exceeded", message, { hint, details });
}

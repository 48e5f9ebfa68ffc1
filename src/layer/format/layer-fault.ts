// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError, type ErrorCode } from "../../oci/errors.ts";
import { limitExceeded, type Limits } from "../../oci/limits.ts";

/** The kinds of failure that bytes of a layer can cause. */
type FaultCode = Extract<ErrorCode, "invalid-layer" | "truncated" | "limit-exceeded">;

/** What a fault takes besides its code and message: as of an {@link OciError}. */
interface FaultOptions {
  readonly hint?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** What is wrong with a layer, thrown where only the bytes at hand are known; see {@link locateFault}. */
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
  /** Names the layer. */
  readonly what: string;
  readonly ordinal: number;
  readonly offset: number;
  /** Undefined until the headers are decoded. */
  readonly path: ByteString | undefined;
}

/** A fault with its entry: the error that users of the parser see. */
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
 * @throws LayerFault `limit-exceeded` when there is more than `allowed`, by the limit of that name
 */
export function checkLimit(got: number, allowed: number, unit: string, limit: keyof Limits): void {
  if (got <= allowed) return;
  const { message, hint, details } = limitExceeded({ limit, allowed, got, unit });
  throw new LayerFault("limit-exceeded", message, { hint, details });
}

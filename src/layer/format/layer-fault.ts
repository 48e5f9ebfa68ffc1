// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError, type ErrorCode } from "../../oci/errors.ts";

/** The kinds of failure that bytes of a layer can cause. */
type FaultCode = Extract<ErrorCode, "invalid-layer" | "truncated" | "limit-exceeded">;

/** What is wrong with a layer, thrown where only the bytes at hand are known; see {@link locateFault}. */
export class LayerFault extends Error {
  readonly code: FaultCode;
  readonly hint: string | undefined;

  constructor(code: FaultCode, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
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
      details: { entry: ordinal, offset, ...(path === undefined ? {} : { path }) },
      ...(fault.hint === undefined ? {} : { hint: fault.hint }),
      cause: fault,
    },
  );
}

/** @throws LayerFault `limit-exceeded` when `value` is above the limit of that name */
export function checkLimit(value: number, limit: number, what: string, name: string): void {
  if (value <= limit) return;
  throw new LayerFault(
    "limit-exceeded",
    `${what}: expected at most ${limit}, got ${value}`,
    `if the layer is to be trusted, raise limits.${name}`,
  );
}

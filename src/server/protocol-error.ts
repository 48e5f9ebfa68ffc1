// SPDX-License-Identifier: MIT
import { isOciError } from "../oci/errors.ts";
import type { ErrorCode } from "../oci/errors.ts";
import type { WireErrorCode } from "../registry/wire/error-body.ts";

/** What a client did wrong, as the distribution-spec says it. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly status: number;
  readonly code: WireErrorCode | "UNKNOWN";
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: WireErrorCode | "UNKNOWN",
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const ANSWERS: Partial<Readonly<Record<ErrorCode, readonly [number, WireErrorCode]>>> = {
  "invalid-reference": [400, "NAME_INVALID"],
  "invalid-argument": [400, "NAME_INVALID"],
  "invalid-digest": [400, "DIGEST_INVALID"],
  "unsupported-algorithm": [400, "DIGEST_INVALID"],
  "digest-mismatch": [400, "DIGEST_INVALID"],
  "size-mismatch": [400, "SIZE_INVALID"],
  "limit-exceeded": [413, "SIZE_INVALID"],
  "invalid-json": [400, "MANIFEST_INVALID"],
  "invalid-manifest": [400, "MANIFEST_INVALID"],
  "invalid-index": [400, "MANIFEST_INVALID"],
  "invalid-descriptor": [400, "MANIFEST_INVALID"],
  "unsupported-media-type": [400, "MANIFEST_INVALID"],
  "not-found": [404, "BLOB_UNKNOWN"],
};

/** Any failure as an answer. What is not the client's doing becomes 500 without its words: they name paths of this machine. */
export function toProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const known = isOciError(error) ? ANSWERS[error.code] : undefined;
  if (known === undefined || !isOciError(error)) {
    return new ProtocolError(500, "UNKNOWN", "the registry could not do this");
  }
  return new ProtocolError(known[0], known[1], error.message);
}

// SPDX-License-Identifier: MIT
import { isOciError } from "../oci/errors.ts";
import type { ErrorCode } from "../oci/errors.ts";
import type { WireErrorCode } from "../registry/wire/error-body.ts";

/** A mistake of the client, in the terms of the distribution-spec. */
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

/**
 * Mistakes that a client can make by merely reading. Any other error while reading means that our own data is
 * damaged.
 */
const ASKED_WRONGLY: ReadonlySet<ErrorCode> = new Set([
  "invalid-reference",
  "invalid-argument",
  "invalid-digest",
  "unsupported-algorithm",
  "not-found",
]);

/**
 * Turns any failure of a request with this method into an answer. What is not the client's fault becomes 500
 * without its message, and absent content gets a fixed message, because the original messages name paths of
 * this machine.
 */
export function toProtocolError(error: unknown, method: string): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const failed = new ProtocolError(500, "UNKNOWN", "the registry could not do this");
  if (!isOciError(error)) return failed;
  const reads = method === "GET" || method === "HEAD" || method === "DELETE";
  const [status, code] = (reads && !ASKED_WRONGLY.has(error.code) ? [] : ANSWERS[error.code]) ?? [];
  if (status === undefined || code === undefined) return failed;
  const absent = error.code === "not-found";
  return new ProtocolError(
    status,
    code,
    absent ? "the registry has no such content" : error.message,
  );
}

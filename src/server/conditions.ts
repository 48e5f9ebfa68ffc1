// SPDX-License-Identifier: MIT
import type { IncomingMessage } from "node:http";
import type { Digest } from "../oci/digest.ts";
import { ProtocolError } from "./protocol-error.ts";

// Conditional requests (RFC 9110, 13). The entity tag of content is its digest, so it is always a strong one.

/** The entity tag of content. */
export function entityTag(digest: Digest): string {
  return `"${digest}"`;
}

/**
 * Checks `If-Match` and `If-None-Match` of a read. False when the client has this content already: answer 304.
 * @throws ProtocolError 412
 */
export function isWanted({ headers }: IncomingMessage, digest: Digest): boolean {
  const match = headers["if-match"];
  if (match !== undefined && !names(match, digest, "strong")) throw failed(digest);
  const none = headers["if-none-match"];
  return none === undefined || !names(none, digest, "weak");
}

/**
 * Checks the conditions of a request that changes what a reference names.
 * @param current what it names now; undefined when there is nothing
 * @throws ProtocolError 412
 */
export function checkUnchanged({ headers }: IncomingMessage, current: Digest | undefined): void {
  const match = headers["if-match"];
  if (match !== undefined && !names(match, current, "strong")) throw failed(current);
  const none = headers["if-none-match"];
  if (none !== undefined && names(none, current, "weak")) throw failed(current);
}

/**
 * Whether the range that a request asks for counts: without `If-Range`, or when that names this very content.
 * A date never does, because answers carry none.
 */
export function isRangeWanted({ headers }: IncomingMessage, digest: Digest): boolean {
  const range = headers["if-range"];
  return range === undefined || String(range).trim() === entityTag(digest);
}

function names(header: string, digest: Digest | undefined, comparison: "strong" | "weak"): boolean {
  if (digest === undefined) return false;
  if (header.trim() === "*") return true;
  return header.split(",").some((item) => {
    const tag = comparison === "weak" ? item.trim().replace(/^W\//, "") : item.trim();
    return tag === entityTag(digest);
  });
}

function failed(current: Digest | undefined): ProtocolError {
  const message = `it is now ${current ?? "absent"}, which the request's condition excludes`;
  return new ProtocolError(412, "DENIED", message);
}

// SPDX-License-Identifier: MIT
import type { IncomingMessage } from "node:http";
import { isOciError } from "../oci/errors.ts";
import { ProtocolError } from "./protocol-error.ts";

/**
 * What a running registry reports to its operator: everything that failed. Texts are unescaped: escape them
 * before showing them.
 */
export type ServerEvent =
  /**
   * A request was answered with a failure, or its connection broke. A HEAD for absent content is not
   * reported: clients send it before they push.
   */
  | {
      readonly kind: "request-failed";
      /** The address of the client. */
      readonly client: string;
      readonly method: string;
      /** Path and query, as the client sent them. */
      readonly target: string;
      /** The status of the answer; undefined when the connection ended before or during it. */
      readonly status: number | undefined;
      /** The registry's error code (`DIGEST_INVALID`), or `CONNECTION_LOST`. */
      readonly code: string;
      /** The reason in full. Unlike the client's message, it may name paths of this machine. */
      readonly reason: string;
    }
  /** A connection was refused or ended before there was a request on it. */
  | { readonly kind: "connection-refused"; readonly client: string; readonly reason: string };

/** The event of a request that failed. */
export function requestFailed(
  { method = "", url = "", socket }: IncomingMessage,
  error: unknown,
  answered: ProtocolError | undefined,
): ServerEvent {
  return {
    kind: "request-failed",
    client: socket.remoteAddress ?? "",
    method,
    target: url,
    status: answered?.status,
    code: answered?.code ?? "CONNECTION_LOST",
    reason: reasonOf(error),
  };
}

/** The error's message followed by those of its causes, which include the system's own. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause === undefined ? "" : `: ${reasonOf(error.cause)}`;
  if (isOciError(error)) return `${error.code}: ${error.message}${inner}`;
  return error instanceof ProtocolError ? error.message : `${error.message}${inner}`;
}

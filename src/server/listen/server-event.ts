// SPDX-License-Identifier: MIT
import type { IncomingMessage } from "node:http";
import { isOciError } from "../../oci/errors.ts";
import { ProtocolError } from "../protocol-error.ts";

/**
 * What a running registry reports to its operator: everything that failed. Texts are unescaped: escape them
 * before showing them. None has a password or a token.
 */
export type ServerEvent =
  /**
   * A request was answered with a failure, or its connection broke. What clients ask before they know is not
   * reported: a HEAD for absent content, and a request without credentials that is told to sign in.
   */
  | {
      readonly kind: "request-failed";
      /** The address of the client. */
      readonly client: string;
      /** The user who signed in, `token:ID` for an issued token; undefined for whoever did not. */
      readonly user?: string | undefined;
      readonly method: string;
      /** Path and query, as the client sent them, but for values that may be secrets. */
      readonly target: string;
      /** The status of the answer; undefined when the connection ended before or during it. */
      readonly status: number | undefined;
      /** The registry's error code (`DIGEST_INVALID`), or `CONNECTION_LOST`. */
      readonly code: string;
      /** The reason in full. Unlike the client's message, it may name paths of this machine. */
      readonly reason: string;
    }
  /** A connection was refused or ended before there was a request on it. */
  | { readonly kind: "connection-refused"; readonly client: string; readonly reason: string }
  /** The files of the certificate changed and can't be used. The certificate before them works on. */
  | { readonly kind: "certificate-not-renewed"; readonly client: ""; readonly reason: string };

const SECRET = /([?&][^=&]*(?:pass|secret|token|key|auth|sig|cred)[^=&]*=)[^&#]*/gi;

/** The event of a request that failed. */
export function requestFailed(
  { method = "", url = "", socket }: IncomingMessage,
  error: unknown,
  answered: ProtocolError | undefined,
  user?: string,
): ServerEvent {
  return {
    kind: "request-failed",
    client: socket.remoteAddress ?? "",
    ...(user !== undefined && { user }),
    method,
    // A whole URL may have user information before its host.
    target: url.replace(/^(https?:\/\/)[^/?#]*@/i, "$1").replace(SECRET, "$1…"),
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

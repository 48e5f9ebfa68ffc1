// SPDX-License-Identifier: MIT
import type { IncomingMessage } from "node:http";
import { isOciError } from "../oci/errors.ts";
import { ProtocolError } from "./protocol-error.ts";

/** What a running registry tells its operator: everything that failed. Texts are as they came: escape them before they are shown. */
export type ServerEvent =
  /** A request was answered with a failure, or its connection broke. An absent answer to HEAD is none: clients ask so before they push. */
  | {
      readonly kind: "request-failed";
      /** The address of the client. */
      readonly client: string;
      readonly method: string;
      /** Path and query, as the client sent them. */
      readonly target: string;
      /** What was answered; undefined when the connection ended before an answer, or in the middle of one. */
      readonly status: number | undefined;
      /** The registry's error code (`DIGEST_INVALID`), or `CONNECTION_LOST`. */
      readonly code: string;
      /** Unlike what the client was told it may name paths of this machine. */
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

/** The message with those of its causes, which say what the system said. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause === undefined ? "" : `: ${reasonOf(error.cause)}`;
  if (isOciError(error)) return `${error.code}: ${error.message}${inner}`;
  return error instanceof ProtocolError ? error.message : `${error.message}${inner}`;
}

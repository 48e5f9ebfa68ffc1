// SPDX-License-Identifier: MIT
import type { IncomingMessage } from "node:http";
import { formatChallenge } from "../../registry/wire/challenge.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { RequestTarget } from "../listen/request-guard.ts";
import { scopesOf, type Demands } from "./request-demands.ts";

const TOKEN_PATH = "/token";

/** Whether a path is the token endpoint's. */
export function isTokenPath(path: string): boolean {
  return path === TOKEN_PATH;
}

/** A request with its target: what a challenge is made for. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly target: RequestTarget;
}

/** Why a bearer's token is not enough (RFC 6750, 3.1). */
export type TokenFault = "invalid_token" | "insufficient_scope";

/**
 * The answer 401 that sends a client to our own token endpoint, at the name by which it reached us (the scheme
 * is https behind a proxy that says so).
 */
export function unauthorized(
  { request, target }: Asked,
  demands: Demands,
  message: string,
  fault?: TokenFault,
): ProtocolError {
  const isSecure =
    "encrypted" in request.socket || request.headers["x-forwarded-proto"] === "https";
  const { localAddress = "", localPort } = request.socket;
  const host = target.authority ?? `${localAddress}:${localPort}`;
  const scopes = scopesOf(demands);
  const challenge = formatChallenge("Bearer", {
    realm: `${isSecure ? "https" : "http"}://${host}${TOKEN_PATH}`,
    service: host,
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    ...(fault !== undefined && { error: fault }),
  });
  return new ProtocolError(401, "UNAUTHORIZED", message, { "www-authenticate": challenge });
}

/** The answer 401 of the token endpoint itself, which takes a password (RFC 7617). */
export function passwordWanted(message: string): ProtocolError {
  const challenge = formatChallenge("Basic", { realm: "oci-kit" });
  return new ProtocolError(401, "UNAUTHORIZED", message, { "www-authenticate": challenge });
}

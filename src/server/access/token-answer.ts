// SPDX-License-Identifier: MIT
import type { IncomingMessage } from "node:http";
import { ProtocolError } from "../protocol-error.ts";
import { passwordWanted, type Asked } from "./challenge-of.ts";
import { grantsNow, type AccessState, type Principal } from "./principal.ts";
import { SESSION_LIFE, type Sessions } from "./session-token.ts";

/**
 * The document with which the token endpoint answers (distribution's token specification): a session for that
 * part of the scopes which is granted.
 * @throws ProtocolError 401 for whoever did not sign in and may do nothing; 405 for another method than GET
 */
export function tokenAnswer(
  { request, target }: Asked,
  principal: Principal,
  state: AccessState,
  sessions: Sessions,
): string {
  checkMethod(request);
  const grants = grantsNow(principal, state);
  if (principal.kind === "anonymous" && grants.length === 0) {
    throw passwordWanted("authentication is required");
  }
  const scopes = target.query.getAll("scope").flatMap((text) => text.split(" "));
  const token = sessions.issue(principal, grants, scopes);
  return JSON.stringify({
    token,
    access_token: token,
    expires_in: SESSION_LIFE,
    issued_at: new Date().toISOString(),
  });
}

/** Clients that try OAuth's POST first take 405 as the word to use GET. */
function checkMethod({ method }: IncomingMessage): void {
  if (method === "GET" || method === "HEAD") return;
  throw new ProtocolError(405, "UNSUPPORTED", "expected one of GET", { allow: "GET" });
}

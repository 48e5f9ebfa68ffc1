// SPDX-License-Identifier: MIT
import type { IncomingMessage } from "node:http";
import { clientOf } from "../listen/client-connections.ts";
import { ISSUED, isCurrent, readClaims } from "./issued-token.ts";
import type { Shown } from "./judge-request.ts";
import type { PasswordChecks } from "./password-checks.ts";
import type { AccessState, Principal } from "./principal.ts";
import { parseCredentials } from "./sent-credentials.ts";
import type { Sessions } from "./session-token.ts";

/**
 * Finds out on whose behalf a request is made. An issued token counts as a password of any name, too: that is
 * how `docker login` sends it. Undefined when the credentials are not valid, or not any more.
 * @throws ProtocolError 429 when too many passwords wait to be checked
 */
export async function identifySender(
  request: IncomingMessage,
  state: AccessState,
  { passwords, sessions }: { readonly passwords: PasswordChecks; readonly sessions: Sessions },
): Promise<Shown | undefined> {
  const sent = parseCredentials(request.headers.authorization);
  if (sent.kind === "none") return { principal: { kind: "anonymous" } };
  if (sent.kind === "unknown") return undefined;
  const secret = sent.kind === "bearer" ? sent.token : sent.password;
  if (secret.startsWith(ISSUED)) {
    const claims = state.tokens && readClaims(secret, state.tokens);
    return claims && present({ principal: { kind: "token", claims } }, state);
  }
  if (sent.kind === "bearer") {
    const session = sessions.read(sent.token);
    return session && present({ principal: session.principal, session }, state);
  }
  const client = clientOf(request.socket.remoteAddress);
  const isRight = await passwords.check({ ...sent, client }, state.users);
  return isRight ? { principal: { kind: "user", name: sent.user } } : undefined;
}

function present(shown: Shown, state: AccessState): Shown | undefined {
  return isThere(shown.principal, state) ? shown : undefined;
}

/** Whether a principal still counts: users are removed, and tokens revoked, while their sessions last. */
function isThere(principal: Principal, { users, tokens }: AccessState): boolean {
  switch (principal.kind) {
    case "anonymous":
      return true;
    case "user":
      return users.has(principal.name);
    case "token":
      return tokens !== undefined && isCurrent(principal.claims, tokens);
  }
}

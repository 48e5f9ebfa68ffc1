// SPDX-License-Identifier: MIT
import { ProtocolError } from "../protocol-error.ts";
import { unauthorized, type Asked } from "./challenge-of.ts";
import { allows, allowsSomewhere } from "./permission.ts";
import { grantsNow, type AccessState, type Principal } from "./principal.ts";
import type { Demand, Demands } from "./request-demands.ts";
import type { Session } from "./session-token.ts";

/** What a request shows for itself, before it is held against the present rules. */
export interface Shown {
  readonly principal: Principal;
  /** Where the request came with a session: it may do no more than that was given for. */
  readonly session?: Session | undefined;
}

const SIGN_IN = "authentication is required";

/**
 * Refuses a request that may not do what it demands, in words that are the same whether there is such a
 * repository or not. Leaves a mount out of the query when its source may not be read: then it is an upload.
 * @throws ProtocolError 401 with a challenge where other credentials or another scope may help; 403
 */
export function judgeRequest(
  shown: Shown,
  demands: Demands,
  state: AccessState,
  asked: Asked,
): void {
  const { principal, session } = shown;
  const grants = grantsNow(principal, state);
  const isNobody = principal.kind === "anonymous" && session === undefined;
  if (demands.kind === "signed-in") {
    if (isNobody) throw unauthorized(asked, demands, SIGN_IN);
    return;
  }
  if (demands.kind === "catalog") {
    if (isNobody && !allowsSomewhere(grants, "pull")) throw unauthorized(asked, demands, SIGN_IN);
    if (session?.catalog === false) throw tooNarrow(asked, demands);
    return;
  }
  const isGranted = ({ repository, action }: Demand): boolean => allows(grants, repository, action);
  const isInSession = ({ repository, action }: Demand): boolean =>
    session === undefined || allows(session.grants, repository, action);
  const [first, source] = demands.all;
  if (first !== undefined && !isGranted(first)) {
    if (principal.kind === "anonymous") throw unauthorized(asked, demands, SIGN_IN);
    const message = `expected the right to ${first.action} in ${first.repository}, which these credentials do not have`;
    throw new ProtocolError(403, "DENIED", message);
  }
  const mayMount = source !== undefined && isGranted(source);
  const wanted = mayMount ? demands.all : demands.all.slice(0, 1);
  if (!wanted.every(isInSession)) throw tooNarrow(asked, demands);
  // Without a source, a mount would take content from wherever it is.
  if (!mayMount) asked.target.query.delete("mount");
}

function tooNarrow(asked: Asked, demands: Demands): ProtocolError {
  return unauthorized(asked, demands, "the token was not given for this", "insufficient_scope");
}

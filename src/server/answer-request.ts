// SPDX-License-Identifier: MIT
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AccessControl } from "./access/access-control.ts";
import { dispatch } from "./dispatch.ts";
import { sendError, sendJson, type Call } from "./http-call.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { RequestGuard } from "./listen/request-guard.ts";
import { requestFailed, type ServerEvent } from "./listen/server-event.ts";

/** What a running registry answers with. */
export interface Registry {
  readonly parts: Pick<
    Call,
    "store" | "uploads" | "limits" | "inTurn" | "repositories" | "sparse" | "verified"
  >;
  readonly guard: RequestGuard;
  /** Undefined where everyone may do everything. */
  readonly control: AccessControl | undefined;
  readonly readOnly: boolean;
  readonly tell: ((event: ServerEvent) => void) | undefined;
}

const everything = (): boolean => true;

/** Answers one request, with an error if need be. Never rejects. */
export async function answerRequest(
  registry: Registry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader("docker-distribution-api-version", "registry/2.0");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  let user: string | undefined;
  try {
    const target = registry.guard(request);
    const decision = await registry.control?.decide({ request, target }, (name) => (user = name));
    if (decision?.kind === "token") {
      sendJson({ request, response }, 200, decision.body, { "cache-control": "no-store" });
      return;
    }
    if (registry.readOnly) checkReads(request);
    const mayPull = decision?.mayPull ?? everything;
    const { query, path } = target;
    await dispatch({ ...registry.parts, mayPull, request, response, query }, path);
  } catch (error) {
    const answered = sendError({ request, response }, error);
    if (isQuestion(request, answered)) return;
    registry.tell?.(requestFailed(request, error, answered, user));
  }
}

function checkReads({ method }: IncomingMessage): void {
  if (method === "GET" || method === "HEAD") return;
  const message = "this registry is read-only: expected one of GET, HEAD";
  throw new ProtocolError(405, "UNSUPPORTED", message, { allow: "GET, HEAD" });
}

/** Whether a failure is the ordinary answer to what clients ask before they know. */
function isQuestion({ method, headers }: IncomingMessage, answered?: ProtocolError): boolean {
  if (answered?.status === 404) return method === "HEAD";
  if (answered?.status !== 401) return false;
  const challenge = answered.headers["www-authenticate"] ?? "";
  return headers.authorization === undefined || challenge.includes('error="insufficient_scope"');
}

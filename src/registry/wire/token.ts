// SPDX-License-Identifier: MIT
import { member } from "./loose-json.ts";

/** A token endpoint's answer (distribution's token specification). */
export interface TokenAnswer {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
  /** A token that gets further tokens, where the endpoint gave one. */
  readonly refreshToken?: string | undefined;
}

const SENDABLE = /^[\x21-\x7e]{1,65536}$/;

/** Whether a token can be sent in a header. */
export function isSendableToken(token: unknown): token is string {
  return typeof token === "string" && SENDABLE.test(token);
}

/**
 * The specification's default when the answer does not say. Also the minimum, as the specification asks for
 * older clients.
 */
const SHORTEST_LIFE = 60;
const LONGEST_LIFE = 3_600;

/**
 * The token of a token endpoint's parsed answer: `token`, or else `access_token`. Undefined when there is
 * none that can be sent in a header. The lifetime is limited to between 60 s and 1 h.
 */
export function parseTokenAnswer(value: unknown): TokenAnswer | undefined {
  const seconds = member(value, "expires_in");
  const given = [member(value, "token"), member(value, "access_token")].find(isSendableToken);
  if (given === undefined) return undefined;
  const life = Number(seconds) || 0;
  const refreshToken = member(value, "refresh_token");
  return {
    token: given,
    expiresIn: Math.min(LONGEST_LIFE, Math.max(SHORTEST_LIFE, life)),
    ...(isSendableToken(refreshToken) && { refreshToken }),
  };
}

/**
 * The scope of a token: the actions requested on one repository.
 * @example formatScope("a/b", "pull", "push") === "repository:a/b:pull,push"
 */
export function formatScope(
  repository: string,
  ...actions: readonly ("pull" | "push" | "delete")[]
): string {
  return `repository:${repository}:${actions.join(",")}`;
}
